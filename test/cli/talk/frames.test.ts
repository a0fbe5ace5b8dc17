import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { createServer as createRaw, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { openFrames } from '../../../cli/talk/frames.ts';
import { scratchDir } from '../../support/scratch.ts';

interface Heard {
  texts: string[];
  bytes: Buffer;
  refused: { status: number; body: string } | null;
}

/** Listens until `server` says something, reads until the connection ends, and answers what was heard. */
async function hear(server: Server | ReturnType<typeof createRaw>, pause = false): Promise<Heard> {
  const path = join(scratchDir(), 's');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const heard: Heard = { texts: [], bytes: Buffer.alloc(0), refused: null };
  await new Promise<void>((resolve) => {
    const pieces: Buffer[] = [];
    const socket = openFrames(
      path,
      '/x?a=1',
      { 'x-dstack-version': '1.2.3' },
      {
        onMessage(data, isBinary) {
          if (isBinary) pieces.push(Buffer.from(data));
          else heard.texts.push(data.toString());
          if (!pause || socket.isPaused()) return;
          socket.pause();
          setImmediate(() => socket.resume());
        },
        onRefused(status, body) {
          heard.refused = { status, body };
          resolve();
        },
        onClose() {
          heard.bytes = Buffer.concat(pieces);
          resolve();
        },
      },
    );
  });
  server.close();
  return heard;
}

/** A server of a library's WebSockets, as the daemon is one. */
function speaking(speak: (client: WebSocket, url: string, version: unknown) => void): Server {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (client) => speak(client, request.url ?? '', request.headers['x-dstack-version'])),
  );
  return server;
}

const sizes = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000];

test.each([false, true])('what is sent arrives whole and in order, of every length (paused in between: %s)', async (pause) => {
  const body = (size: number): Buffer => Buffer.alloc(size, `${size} `);
  const heard = await hear(
    speaking((client, url, version) => {
      client.send(`${url} ${String(version)}`);
      for (const size of sizes) client.send(body(size));
      for (const size of sizes) client.send('t'.repeat(size));
      client.close(1000);
    }),
    pause,
  );
  expect(heard.texts).toEqual(['/x?a=1 1.2.3', ...sizes.map((size) => 't'.repeat(size))]);
  expect(heard.bytes.equals(Buffer.concat(sizes.map(body)))).toBe(true);
});

test('a message in several frames is one, and what is asked between them is answered', async () => {
  const answered = Promise.withResolvers<string>();
  const heard = await hear(
    speaking((client) => {
      client.on('pong', (data: Buffer) => {
        answered.resolve(data.toString());
        client.close(1000);
      });
      client.send('one ', { fin: false });
      client.ping('are you there');
      client.send('and two', { fin: true });
    }),
  );
  expect(heard.texts).toEqual(['one and two']);
  expect(await answered.promise).toBe('are you there');
});

test('frames that come byte by byte', async () => {
  const frame = (opcode: number, text: string): Buffer => Buffer.concat([Buffer.from([0x80 | opcode, text.length]), Buffer.from(text)]);
  const all = Buffer.concat([
    Buffer.from('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n'),
    frame(1, 'a text'),
    frame(2, 'some bytes'),
    Buffer.from([0x82, 126, 0, 200]),
    Buffer.alloc(200, 'x'),
    frame(8, ''),
  ]);
  const drip = (socket: Socket, at = 0): void => {
    if (at === all.length) return;
    socket.write(all.subarray(at, at + 1), () => setImmediate(() => drip(socket, at + 1)));
  };
  const heard = await hear(
    createRaw((socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.once('data', () => drip(socket));
    }),
  );
  expect(heard.texts).toEqual(['a text']);
  expect(heard.bytes.toString()).toBe(`some bytes${'x'.repeat(200)}`);
});

describe('refused', () => {
  const refusing = (answer: string) => createRaw((socket) => socket.once('data', () => socket.end(answer)));

  test('it says with what', async () =>
    expect((await hear(refusing('HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}'))).refused).toEqual({ status: 404, body: '{}' }));

  test.each(['', 'HTTP/1.1 404 Not F', 'HTTP/1.1 404 Not Found\r\ncontent-length: 20\r\n\r\n{"code":'])(
    'an answer that breaks off (%j) is none',
    async (answer) => expect(await hear(refusing(answer))).toEqual({ texts: [], bytes: Buffer.alloc(0), refused: null }),
  );
});
