// not `import 'node:http'`: see daemon/engine/dial.ts
const http = process.getBuiltinModule('node:http');

export interface Answer {
  status: number;
  /** undefined: it is no JSON */
  body: unknown;
}

/** More than this (bytes) is no answer: what serves it is the run's own program. */
const mostBytes = 1_000_000;

/**
 * GET on 127.0.0.1 with the token in a header, over a connection of its own that is closed behind it (it must not look like somebody's). `status` 0: no
 * answer in time, or none that ends.
 */
export const getJson = ({
  port,
  path,
  token,
  withinMs,
}: {
  port: number;
  path: string;
  token: string;
  withinMs: number;
}): Promise<Answer> =>
  new Promise((resolve) => {
    const headers = { authorization: `token ${token}`, connection: 'close' };
    const request = http.get({ host: '127.0.0.1', port, path, headers, agent: false, signal: AbortSignal.timeout(withinMs) });
    const none = (): void => {
      request.destroy();
      resolve({ status: 0, body: undefined });
    };
    request.on('error', none);
    request.on('response', (answer) => {
      const pieces: Buffer[] = [];
      let size = 0;
      answer.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > mostBytes) none();
        else pieces.push(piece);
      });
      answer.on('error', none);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: parsed(Buffer.concat(pieces).toString('utf8')) }));
    });
  });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
