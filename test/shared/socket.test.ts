import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { socketPath } from '../../shared/socket.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sock-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

const long = (): string => join(dir, 'h'.repeat(120), 'with: colon and space');

async function meet(listen: string, dial: string): Promise<void> {
  const server = createServer((client) => client.end('hello'));
  await new Promise<void>((resolve) => server.listen(listen, resolve));
  const heard = await new Promise<string>((resolve, reject) =>
    connect(dial)
      .on('data', (data) => resolve(data.toString()))
      .on('error', reject),
  );
  expect(heard).toBe('hello');
  await new Promise((resolve) => server.close(resolve));
}

test('a short home has its socket in it, and is private', async () => {
  const home = join(dir, 'home');
  expect(socketPath(home)).toBe(join(home, 'dstackd.sock'));
  expect(statSync(home).mode & 0o777).toBe(0o700);
});

test('a path of 107 bytes is taken as it is, one of 108 is not', () => {
  const room = 107 - Buffer.byteLength(join(dir, '/dstackd.sock')) - 1;
  expect(socketPath(join(dir, 'x'.repeat(room)))).toMatch(/x\/dstackd\.sock$/);
  expect(Buffer.byteLength(socketPath(join(dir, 'x'.repeat(room))))).toBe(107);
  expect(socketPath(join(dir, 'x'.repeat(room + 1)))).toMatch(/^\/proc\/self\/fd\/\d+\/dstackd\.sock$/);
});

test('both sides meet in a long home, where the socket lies', async () => {
  const listen = socketPath(long());
  const dial = socketPath(long());
  expect(listen).not.toBe(dial);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(listen, resolve));
  expect(existsSync(join(long(), 'dstackd.sock'))).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  await meet(listen, dial);
});

test('without /proc both sides meet in a private directory', async () => {
  vi.stubEnv('XDG_RUNTIME_DIR', dir);
  const path = socketPath(long(), '/nonexistent');
  expect(path).toBe(socketPath(long(), '/nonexistent'));
  expect(path.startsWith(join(dir, `dstack-${process.getuid?.()}`))).toBe(true);
  expect(socketPath(`${long()}2`, '/nonexistent')).not.toBe(path);
  await meet(path, path);
});

test('a directory that others could have prepared is refused', () => {
  vi.stubEnv('XDG_RUNTIME_DIR', dir);
  const prepared = join(dir, `dstack-${process.getuid?.()}`);
  mkdirSync(prepared);
  chmodSync(prepared, 0o777);
  expect(() => socketPath(long(), '/nonexistent')).toThrow('not a private directory');
  rmSync(prepared, { recursive: true });
  mkdirSync(join(dir, 'elsewhere'), { mode: 0o700 });
  symlinkSync(join(dir, 'elsewhere'), prepared);
  expect(() => socketPath(long(), '/nonexistent')).toThrow('not a private directory');
});
