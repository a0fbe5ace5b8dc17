import { createServer } from 'node:http';
import { createServer as createRaw } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exchange } from '../../../cli/talk/exchange.ts';
import { scratchDir } from '../../support/scratch.ts';

const socketOf = async (server: { listen(path: string, done: () => void): unknown }): Promise<string> => {
  const path = join(scratchDir(), 's');
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  return path;
};

test.each(['', '{"a":"ü 🙂"}', JSON.stringify('x'.repeat(300_000))])('a question and its answer arrive as they are (%#)', async (body) => {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = JSON.stringify({
        url: request.url,
        method: request.method,
        own: request.headers['x-own'],
        body: Buffer.concat(parts).toString(),
      });
      response.writeHead(201, { 'X-Dstack-Version': '1.2.3', 'content-length': Buffer.byteLength(text) });
      response.end(text);
    });
  });
  const asked = await exchange(await socketOf(server), {
    method: 'POST',
    path: '/v1/x?y=%20',
    headers: { 'x-own': 'mine' },
    ...(body && { body }),
  });
  server.close();
  expect(asked).toMatchObject({ statusCode: 201, headers: { 'x-dstack-version': '1.2.3' } });
  expect(JSON.parse(asked.body)).toEqual({ url: '/v1/x?y=%20', method: 'POST', own: 'mine', body });
});

test.each(['', 'HTTP/1.1 200', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"a"', 'nonsense\r\n\r\n'])(
  'an answer that is not whole (%j) is none',
  async (answer) => {
    const server = createRaw((socket) => socket.once('data', () => socket.end(answer)));
    await expect(exchange(await socketOf(server), { method: 'GET', path: '/', headers: {} })).rejects.toMatchObject({ code: 'ECONNRESET' });
    server.close();
  },
);

test('where nobody listens, the error says so', async () => {
  await expect(exchange(join(scratchDir(), 's'), { method: 'GET', path: '/', headers: {} })).rejects.toMatchObject({ code: 'ENOENT' });
});
