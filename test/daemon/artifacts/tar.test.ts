import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  createWriteStream,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  appendFileSync,
  existsSync,
  unlinkSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { fixture, okay } from './fixture.ts';

/** Unpacks with the system's tar, which knows nothing of how ours was made. */
async function unpack(stream: Readable, base: string): Promise<string> {
  const to = join(base, 'unpacked');
  mkdirSync(to);
  await pipeline(stream, createWriteStream(join(base, 'all.tar')));
  execFileSync('tar', ['-xpf', join(base, 'all.tar'), '-C', to]);
  return to;
}

test('folders lie under their declared paths, with modes, times, links and long names', async () => {
  await using f = fixture();
  await okay(
    f.artifacts.prepare(1, 0, [
      { key: '0', from: null },
      { key: '1', from: null },
    ]),
  );
  await okay(f.artifacts.prepare(1, 1, [{ key: '0', from: null }]));
  const folder = f.artifacts.folder(1, 0, '0');
  const long = join('n'.repeat(120), 'm'.repeat(120), 'ü'.repeat(60));
  mkdirSync(join(folder, long), { recursive: true });
  writeFileSync(join(folder, long, 'deep'), 'deep');
  writeFileSync(join(folder, 'run.sh'), '#!/bin/sh\n');
  chmodSync(join(folder, 'run.sh'), 0o751);
  utimesSync(join(folder, 'run.sh'), 1_600_000_000, 1_600_000_000);
  writeFileSync(join(folder, 'empty'), '');
  symlinkSync('../../etc/passwd', join(folder, 'link'));
  symlinkSync('link-loop', join(folder, 'link-loop'));
  mkdirSync(join(folder, 'hollow'));
  writeFileSync(join(f.artifacts.folder(1, 0, '1'), 'python'), 'absolute');
  writeFileSync(join(f.artifacts.folder(1, 1, '0'), 'rank1'), '1');

  const stream = f.artifacts.tar([
    {
      runId: 1,
      job: 0,
      folders: [
        { key: '0', path: 'out/model' },
        { key: '1', path: '/opt/conda/envs/x' },
      ],
    },
    { runId: 1, job: 1, folders: [{ key: '0', path: 'rank' }] },
  ]);
  const to = await unpack(stream, f.base);
  expect(readFileSync(join(to, 'out/model', long, 'deep'), 'utf8')).toBe('deep');
  expect(statSync(join(to, 'out/model/run.sh')).mode & 0o777).toBe(0o751);
  expect(statSync(join(to, 'out/model/run.sh')).mtimeMs).toBe(1_600_000_000_000);
  expect(statSync(join(to, 'out/model/empty')).size).toBe(0);
  expect(statSync(join(to, 'out/model/hollow')).isDirectory()).toBe(true);
  expect(readlinkSync(join(to, 'out/model/link'))).toBe('../../etc/passwd');
  expect(readlinkSync(join(to, 'out/model/link-loop'))).toBe('link-loop');
  expect(readFileSync(join(to, 'opt/conda/envs/x/python'), 'utf8')).toBe('absolute');
  expect(readFileSync(join(to, 'rank/rank1'), 'utf8')).toBe('1');
});

test('no declared path leads out of the tar', async () => {
  await using f = fixture();
  await okay(f.artifacts.prepare(1, 0, [{ key: '0', from: null }]));
  writeFileSync(join(f.artifacts.folder(1, 0, '0'), 'x'), 'x');
  const to = await unpack(f.artifacts.tar([{ runId: 1, job: 0, folders: [{ key: '0', path: '../../evil' }] }]), f.base);
  expect(readFileSync(join(to, 'evil/x'), 'utf8')).toBe('x');
});

test('pipes and sockets are left out, the rest is there', async () => {
  await using f = fixture();
  await okay(f.artifacts.prepare(1, 0, [{ key: '0', from: null }]));
  const folder = f.artifacts.folder(1, 0, '0');
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  writeFileSync(join(folder, 'z'), 'last');
  const server = createServer().listen(join(folder, 's'));
  await new Promise((listening) => server.once('listening', listening));
  try {
    const to = await unpack(f.artifacts.tar([{ runId: 1, job: 0, folders: [{ key: '0', path: 'o' }] }]), f.base);
    expect([existsSync(join(to, 'o/pipe')), existsSync(join(to, 'o/s'))]).toEqual([false, false]);
    expect(readFileSync(join(to, 'o/z'), 'utf8')).toBe('last');
  } finally {
    await new Promise((closed) => server.close(closed));
  }
});

test('files that grow, shrink, vanish or turn into links while they are read do not spoil the tar', async () => {
  await using f = fixture();
  await okay(f.artifacts.prepare(1, 0, [{ key: '0', from: null }]));
  const folder = f.artifacts.folder(1, 0, '0');
  const size = 8 << 20;
  for (const name of ['a-grows', 'b-shrinks', 'c-vanishes', 'd-linked']) writeFileSync(join(folder, name), Buffer.alloc(size, 65));
  writeFileSync(join(folder, 'e'), 'last');
  writeFileSync(join(f.base, 'private'), 'private');

  const chunks: Buffer[] = [];
  let changed = false;
  let shrunk = false;
  for await (const chunk of f.artifacts.tar([{ runId: 1, job: 0, folders: [{ key: '0', path: 'o' }] }])) {
    chunks.push(chunk as Buffer);
    const taken = chunks.reduce((sum, { length }) => sum + length, 0);
    if (!changed && taken > size / 4) {
      // the first file is being read, and the names were all looked at before it
      changed = true;
      unlinkSync(join(folder, 'c-vanishes'));
      unlinkSync(join(folder, 'd-linked'));
      symlinkSync(join(f.base, 'private'), join(folder, 'd-linked'));
    }
    if (taken > size / 2) appendFileSync(join(folder, 'a-grows'), 'more');
    if (!shrunk && taken > size * 1.5) {
      shrunk = true;
      truncateSync(join(folder, 'b-shrinks'), size / 4);
    }
  }
  const to = join(f.base, 'to');
  mkdirSync(to);
  execFileSync('tar', ['-xf', '-', '-C', to], { input: Buffer.concat(chunks) });
  expect(shrunk).toBe(true);
  const shrinking = readFileSync(join(to, 'o/b-shrinks'));
  expect(shrinking.length).toBe(size);
  expect(shrinking.at(0)).toBe(65);
  expect(shrinking.at(-1)).toBe(0);
  expect(
    readFileSync(join(to, 'o/a-grows'))
      .subarray(0, size)
      .every((byte) => byte === 65),
  ).toBe(true);
  expect(readdirSync(join(to, 'o'))).toEqual(['a-grows', 'b-shrinks', 'e']);
  expect(readFileSync(join(to, 'o/e'), 'utf8')).toBe('last');
});

test('a file beyond 8 GiB has its size in the tar', async () => {
  await using f = fixture();
  await okay(f.artifacts.prepare(1, 0, [{ key: '0', from: null }]));
  const size = 9 * 2 ** 30;
  writeFileSync(join(f.artifacts.folder(1, 0, '0'), 'huge'), '');
  truncateSync(join(f.artifacts.folder(1, 0, '0'), 'huge'), size);
  const stream = f.artifacts.tar([{ runId: 1, job: 0, folders: [{ key: '0', path: 'o' }] }]);
  let head = Buffer.alloc(0);
  for await (const chunk of stream) {
    head = Buffer.concat([head, chunk as Buffer]);
    if (head.length >= 4096) break;
  }
  expect(stream.destroyed).toBe(true);
  let listing = '';
  try {
    execFileSync('tar', ['-tvf', '-'], { input: head, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    listing = (error as { stdout: string }).stdout;
  }
  expect(listing).toContain(String(size));
});
