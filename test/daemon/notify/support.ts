import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Heard {
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A web server that keeps what it is sent, and answers as `answer` says (status, and headers). */
export async function listener(answer: (nth: number) => number | { status: number; headers: Record<string, string> } = () => 200) {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      heard.push({ path: request.url ?? '', headers: request.headers, body });
      const said = answer(heard.length);
      if (said === 0) return; // never answers
      const { status, headers } = typeof said === 'number' ? { status: said, headers: {} } : said;
      response.writeHead(status, headers).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    heard,
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
