/** What starts a VS Code server in a container, run here with programs that stand for the real servers. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { codeFiles, serverMount } from '../../../daemon/providers/code-script.ts';
import { stateMount } from '../../../daemon/providers/script.ts';
import { command } from '../../support/command.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';

const token = '0123456789abcdef0123456789abcdef';
let child: ChildProcess | null = null;
afterEach(() => void child?.kill('SIGKILL'));

/** A folder with the files as a container has them, and programs of these names on the PATH. */
function container(programs: Record<string, string>): { dir: string; env: NodeJS.ProcessEnv; script: string } {
  const dir = scratchDir('g');
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
    chmodSync(join(dir, path), 0o755);
  };
  for (const [name, text] of Object.entries(codeFiles)) {
    put(name, text.replaceAll(stateMount, dir).replaceAll(serverMount, join(dir, 'mounted')));
  }
  for (const [path, text] of Object.entries(programs)) put(path, text);
  mkdirSync(join(dir, 'bin'), { recursive: true });
  symlinkSync(process.execPath, join(dir, 'bin/node'));
  const env = { PATH: `${join(dir, 'bin')}:/usr/bin:/bin`, HOME: dir, DSTACK_CODE_TOKEN: token, PORT_0: '1' };
  return { dir, env, script: join(dir, 'code') };
}

const open = `#!/bin/sh
echo "$0 $*"; while [ $# -gt 0 ]; do if [ "$1" = --connection-token-file ]; then stat -c %a "$2"; cat "$2"; fi; shift; done
echo; env | grep -c DSTACK_CODE_TOKEN
`;

test('openvscode-server is given its token in a file that only its user can read', async () => {
  const { dir, env, script } = container({ 'bin/openvscode-server': open });
  const { stdout } = await command('sh', [script, '/workflow/src'], { env });
  const [line, mode, given, variables] = stdout.split('\n');
  expect(line).toContain(`${dir}/bin/openvscode-server --host 0.0.0.0 --port 1 `);
  expect(line).toContain('--default-folder /workflow/src --telemetry-level off');
  expect(line).not.toContain(token);
  expect([mode, given, variables]).toEqual(['600', token, '0']);
});

test("the image's own comes first, unless a version was asked for; none at all is said", async () => {
  const both = container({ 'bin/openvscode-server': open, 'mounted/bin/openvscode-server': open });
  expect((await command('sh', [both.script, '/w'], { env: both.env })).stdout).toContain(`${both.dir}/bin/openvscode-server`);
  expect((await command('sh', [both.script, '/w', 'ours'], { env: both.env })).stdout).toContain(
    `${both.dir}/mounted/bin/openvscode-server`,
  );
  const none = container({});
  expect(await command('sh', [none.script, '/w'], { env: none.env })).toMatchObject({
    code: 127,
    stderr: 'dstack: there is no VS Code server in this container\n',
  });
});

/** Stands for code-server: an HTTP server with a WebSocket on the socket that it is told, which says how it was started. */
const codeServer = `#!/usr/bin/env node
const args = process.argv.slice(2);
const server = require('node:http').createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => response.end(JSON.stringify({ args, url: request.url, host: request.headers.host, body, token: process.env.DSTACK_CODE_TOKEN || '' })));
});
server.on('upgrade', (request, socket) => {
  const key = require('node:crypto').createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + key + '\\r\\n\\r\\n');
  socket.write(Buffer.from([0x81, 2, 0x68, 0x69]));
});
process.on('SIGTERM', () => { require('node:fs').writeFileSync(process.env.HOME + '/ended', ''); process.exit(143); });
server.listen(args[args.indexOf('--socket') + 1]);
`;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('code-server is behind a gate that knows the token in the URL', async () => {
  const { dir, env, script } = container({ 'bin/code-server': codeServer });
  const port = await freePort();
  child = spawn('sh', [script, '/workflow'], { env: { ...env, PORT_0: String(port) }, stdio: 'inherit' });
  const url = `http://127.0.0.1:${port}`;
  const get = (path: string, headers: Record<string, string> = {}) => fetch(url + path, { headers, redirect: 'manual' });
  const first = await waitFor(() => get('/'), 'the gate');
  expect([first.status, await first.text()]).toEqual([401, expect.stringContaining('dstack ps')]);
  expect((await get(`/?tkn=${token.replace('0', '1')}`)).status).toBe(401);
  expect((await get(`/`, { cookie: `dstack-code-${port}=${token}` })).status).toBe(401);

  const entered = await get(`/?folder=/workflow&tkn=${token}`);
  expect([entered.status, entered.headers.get('location')]).toEqual([302, '/?folder=%2Fworkflow']);
  const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect(cookie).toMatch(new RegExp(`^dstack-code-${port}=[0-9a-f]{64}$`));
  expect(cookie).not.toContain(token);

  const answer = await fetch(`${url}/x?y=1`, { method: 'POST', body: 'hello', headers: { cookie } });
  const { args, ...seen } = (await answer.json()) as { args: string[] };
  expect(seen).toEqual({ url: '/x?y=1', host: `127.0.0.1:${port}`, body: 'hello', token: '' });
  expect(args).toEqual(
    expect.arrayContaining(['--auth', 'none', '--disable-telemetry', '--disable-update-check', '/workflow']) as string[],
  );
  expect(args.join(' ')).not.toContain(token);

  const message = (headers: Record<string, string>): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers });
      socket.on('message', (data: Buffer) => {
        resolve(data.toString());
        socket.terminate();
      });
      socket.on('unexpected-response', (_, response) => resolve(String(response.statusCode)));
      socket.on('error', () => {});
    });
  expect(await message({ cookie })).toBe('hi');
  expect(await message({})).toBe('401');

  const ended = new Promise((resolve) => child?.on('exit', (code) => resolve(code)));
  child.kill('SIGTERM');
  expect(await ended).toBe(143);
  await waitFor(() => existsSync(join(dir, 'ended')), 'the server behind it to have ended');
  expect(readFileSync(join(dir, 'ended'), 'utf8')).toBe('');
});
