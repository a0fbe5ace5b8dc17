/** The VS Code server of the config, from a file, a folder or a web server. */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { createServers, whichServer, type Servers } from '../../../daemon/servers/servers.ts';
import { must } from '../../support/command.ts';
import { scratchDir } from '../../support/scratch.ts';

const never = new AbortController().signal;
const quiet = (): void => {};
let dir: string;
let archive: string;
let sum: string;

beforeEach(async () => {
  dir = scratchDir('s');
  const root = join(dir, 'openvscode-server-v1-linux-x64');
  mkdirSync(join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'bin/openvscode-server'), '#!/bin/sh\n');
  chmodSync(join(root, 'bin/openvscode-server'), 0o700);
  archive = join(dir, 'server-1-x64.tar.gz');
  await must('tar', ['-czf', archive, '-C', dir, 'openvscode-server-v1-linux-x64']);
  sum = createHash('sha256').update(readFileSync(archive)).digest('hex');
});

const serversOf = (server: string, sha256: Record<string, string> = {}, own = false): Servers =>
  createServers({
    dir: join(dir, 'servers'),
    config: () => ({ version: '1', server, sha256 }),
    hasOwn: () => Promise.resolve(own),
    arch: 'x64',
  });
const provide = (servers: Servers, version: string | null = null) => servers.provide({ version }, 'sha256:0', quiet, never);

test('a file is unpacked once, for whatever user an image has', async () => {
  const servers = serversOf(join(dir, 'server-{version}-{arch}.tar.gz'), { x64: sum });
  const all = await Promise.all([provide(servers), provide(servers)]);
  const [folder] = all.map((one) => (one.ok ? one.value : one.failure.message));
  expect(all).toEqual([
    { ok: true, value: folder },
    { ok: true, value: folder },
  ]);
  expect(statSync(join(folder ?? '', 'bin/openvscode-server')).mode & 0o777).toBe(0o755 & 0o744);
  expect(readdirSync(join(dir, 'servers'))).toHaveLength(1);
  const { ino } = statSync(folder ?? '');
  expect(await provide(serversOf(join(dir, 'server-{version}-{arch}.tar.gz'), { x64: sum }))).toEqual({ ok: true, value: folder });
  expect(statSync(folder ?? '').ino).toBe(ino);
});

test('what a daemon left that was killed while it unpacked is removed, and a file that was replaced is unpacked anew', async () => {
  const first = await provide(serversOf(archive));
  mkdirSync(join(dir, 'servers/code-0-x64-00000000.new'));
  writeFileSync(archive, readFileSync(archive), { flag: 'w' });
  await must('touch', ['-d', '2030-01-01', archive]);
  const second = await provide(serversOf(archive));
  expect(second).toMatchObject({ ok: true });
  expect(second).not.toEqual(first);
  expect(readdirSync(join(dir, 'servers')).filter((name) => name.endsWith('.new'))).toEqual([]);
});

test('it has its name only when it is on the disk; a disk that does not take it is said', async () => {
  const bin = scratchDir('b');
  const sync = (script: string): void => writeFileSync(join(bin, 'sync'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const path = process.env['PATH'];
  process.env['PATH'] = `${bin}:${path}`;
  try {
    sync('echo "sync: error syncing: Input/output error" >&2; exit 1');
    const lost = await provide(serversOf(archive));
    expect(lost).toMatchObject({ ok: false, failure: { message: expect.stringContaining('Input/output error') as string } });
    expect(readdirSync(join(dir, 'servers'))).toEqual([]);
    sync(`[ "$1" = -f ] && ls "$2/bin" "${join(dir, 'servers')}" >"${bin}/seen"`);
    expect(await provide(serversOf(archive))).toMatchObject({ ok: true });
    const [name] = readdirSync(join(dir, 'servers'));
    const seen = readFileSync(join(bin, 'seen'), 'utf8');
    expect(seen).toContain('openvscode-server\n');
    expect(seen).toContain(`${name}.new\n`);
  } finally {
    process.env['PATH'] = path;
  }
});

test('a folder is used as it is', async () => {
  const folder = join(dir, 'openvscode-server-v1-linux-x64');
  expect(await provide(serversOf(folder))).toEqual({ ok: true, value: folder });
  const empty = await provide(serversOf(scratchDir('e')));
  expect(empty).toMatchObject({
    ok: false,
    failure: { code: 'no_server', message: expect.stringContaining('There is no bin/openvscode-server') as string },
  });
});

test('a URL is downloaded, and its progress told; what is not what it should be is thrown away', async () => {
  const bytes = readFileSync(archive);
  const web = createServer((request, response) => {
    if (request.url !== '/1/x64') return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/{version}/{arch}`;
  try {
    const wrong = await provide(serversOf(url, { x64: 'f'.repeat(64) }));
    expect(wrong).toMatchObject({ ok: false, failure: { message: expect.stringContaining(`its SHA-256 is ${sum}`) as string } });
    expect(await provide(serversOf(url), '2')).toMatchObject({
      ok: false,
      failure: {
        message: expect.stringMatching(/\/2\/x64 cannot be had: the server answers 404/) as string,
        hint: expect.stringContaining('code: {server: /path/to') as string,
      },
    });
    expect(readdirSync(join(dir, 'servers'))).toEqual([]);
    const said: unknown[] = [];
    const done = await serversOf(url, { x64: sum }).provide({ version: null }, 'sha256:0', (progress) => said.push(progress), never);
    expect(done).toMatchObject({ ok: true });
    expect(said.at(-1)).toEqual({ current: bytes.length, total: bytes.length });
  } finally {
    web.close();
  }
});

test('nobody answers, or nobody waits any more', async () => {
  const none = await provide(serversOf('http://127.0.0.1:64999/x.tar.gz'));
  expect(none).toMatchObject({ ok: false, failure: { message: expect.stringMatching(/cannot be had: .*ECONNREFUSED/) as string } });
  const left = await serversOf(archive).provide({ version: null }, 'sha256:0', quiet, AbortSignal.abort());
  expect(left.ok).toBe(false);
  expect(existsSync(join(dir, 'servers')) ? readdirSync(join(dir, 'servers')).filter((name) => !name.endsWith('.new')) : []).toEqual([]);
});

test('an image with a server of its own needs none, unless a version is asked for', async () => {
  const servers = serversOf(join(dir, 'missing-{version}.tar.gz'), {}, true);
  expect(await provide(servers)).toEqual({ ok: true, value: null });
  expect(await provide(servers, '1')).toMatchObject({ ok: false, failure: { message: expect.stringContaining('is not there') as string } });
});

test('one version only, where the place says nothing of versions', () => {
  const config = { version: '1', server: '/srv/code.tar.gz', sha256: { x64: sum } };
  expect(whichServer(config, null, 'x64')).toEqual({ ok: true, value: { place: '/srv/code.tar.gz', version: '1', sha256: sum } });
  expect(whichServer(config, '2', 'x64')).toMatchObject({ ok: false, failure: { code: 'no_server' } });
  expect(whichServer({ ...config, server: '/srv/{version}' }, '2', 'arm64')).toEqual({
    ok: true,
    value: { place: '/srv/2', version: '2', sha256: null },
  });
});

test('what is here and what of it the config means', async () => {
  const servers = serversOf(archive);
  expect(await servers.use()).toEqual([]);
  expect((await provide(servers)).ok).toBe(true);
  const [one] = await servers.use();
  expect(one).toEqual({
    name: expect.stringMatching(/^code-1-x64-[0-9a-f]{8}$/) as string,
    bytes: expect.any(Number) as number,
    current: true,
  });
  expect(one?.bytes).toBeGreaterThan(0);
  const other = serversOf('/srv/another.tar.gz');
  expect(await other.use()).toMatchObject([{ current: false }]);
  await other.remove(one?.name ?? '');
  expect(await servers.use()).toEqual([]);
});
