import { createServer, request } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { messageOfRun } from '../../../daemon/notify/message.ts';
import { proxyFor } from '../../../daemon/notify/proxy.ts';
import { tellWebhook } from '../../../daemon/notify/webhook.ts';
import type { Run } from '../../../shared/api.ts';
import { scratchDir } from '../../support/scratch.ts';
import { listener } from './support.ts';

const message = messageOfRun({ name: 'a-b-1', status: 'done', urls: [], startedAt: null, finishedAt: null } as unknown as Run);
const tell = (url: string, env: NodeJS.ProcessEnv, ca: string | null = null) =>
  tellWebhook(url, message, ca, 5_000, new AbortController().signal, env);

/** A proxy that notes what it was asked for, with tunnels for https. */
async function proxy() {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url} ${incoming.headers['proxy-authorization'] ?? ''}`);
    const url = new URL(incoming.url ?? '');
    incoming.pipe(
      request({ hostname: url.hostname, port: url.port, path: url.pathname, method: 'POST', headers: incoming.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0);
        answer.pipe(response);
      }),
    );
  });
  server.on('connect', (incoming, socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    const [, port] = (incoming.url ?? '').split(':');
    const there = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      there.pipe(socket).pipe(there);
    });
    for (const end of [there, socket]) end.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { asked, port, [Symbol.dispose]: () => server.close().closeAllConnections() };
}

test('by the proxy of the environment, with its login', async () => {
  using web = await listener();
  using way = await proxy();
  expect(await tell(`${web.url}/hook`, { HTTP_PROXY: `http://me:pa%40ss@127.0.0.1:${way.port}` })).toEqual({ how: 'told' });
  expect(way.asked).toEqual([`POST ${web.url}/hook Basic ${Buffer.from('me:pa@ss').toString('base64')}`]);
  expect(web.heard).toHaveLength(1);
});

test('https goes through a tunnel of it, and trusts the certificates of the config', async () => {
  const dir = scratchDir('tls');
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...name], {
    stdio: 'ignore',
  });
  const pem = readFileSync(cert, 'utf8');
  const bodies: string[] = [];
  const server = createSecureServer({ key: readFileSync(key), cert: pem }, (incoming, response) => {
    incoming.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
    incoming.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  using way = await proxy();
  try {
    const env = { https_proxy: `127.0.0.1:${way.port}` };
    expect(await tell(`https://localhost:${port}/hook`, env, pem)).toEqual({ how: 'told' });
    expect(way.asked).toEqual([`CONNECT localhost:${port}`]);
    expect(JSON.parse(bodies.join(''))).toMatchObject({ event: 'run_ended' });
    expect(await tell(`https://localhost:${port}/hook`, env)).toMatchObject({
      how: 'again',
      why: expect.stringContaining('CERT') as string,
    });
  } finally {
    server.close().closeAllConnections();
  }
});

test.each([
  ['https://a.example/x', { https_proxy: 'http://p:1' }, 'http://p:1/'],
  ['https://a.example/x', { http_proxy: 'http://p:1' }, null],
  ['http://a.example/x', { ALL_PROXY: 'p:1' }, 'http://p:1/'],
  ['http://a.example/x', { HTTP_PROXY: 'http://p:1', NO_PROXY: 'b.example, .example' }, null],
  ['http://a.example/x', { HTTP_PROXY: 'http://p:1', NO_PROXY: 'example:8080' }, 'http://p:1/'],
  ['http://notexample/x', { HTTP_PROXY: 'http://p:1', no_proxy: 'example' }, 'http://p:1/'],
  ['http://a.example/x', { HTTP_PROXY: 'http://p:1', no_proxy: '*' }, null],
  ['http://a.example/x', { HTTP_PROXY: '' }, null],
])('the proxy for %s of %j is %s', (url, env, expected) => {
  expect(proxyFor(new URL(url), env)?.href ?? null).toBe(expected);
});

test('nobody there: another time, and only the host is named', async () => {
  expect(await tell('http://127.0.0.1:1/secret', {})).toMatchObject({ how: 'again', why: '127.0.0.1 could not be reached: ECONNREFUSED' });
});
