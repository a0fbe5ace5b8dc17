import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync, linkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fixture, okay } from './fixture.ts';

test('more than a thousand files, in order of their paths', async () => {
  await using f = fixture();
  await okay(f.artifacts.prepare(1, 0, [{ key: '0', from: null }]));
  const folder = f.artifacts.folder(1, 0, '0');
  for (let i = 0; i < 1200; i++) {
    const dir = join(folder, `d${i % 7}`);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, `f${i}`), 'x'.repeat(i % 3));
  }
  const files = await f.artifacts.list(1, 0, [{ key: '0', path: 'output' }]);
  expect(files).toHaveLength(1200);
  expect(files.map(({ file }) => file)).toEqual(files.map(({ file }) => file).sort());
  expect(files.find(({ file }) => file === 'd0/f7')).toEqual({ artifact: 'output', file: 'd0/f7', size: 1 });
});

test('empty files, links with their own size, loops and names of any bytes; pipes are no files', async () => {
  await using f = fixture();
  await okay(
    f.artifacts.prepare(1, 0, [
      { key: '0', from: null },
      { key: '1', from: null },
    ]),
  );
  const folder = f.artifacts.folder(1, 0, '0');
  mkdirSync(join(folder, 'a'));
  writeFileSync(join(folder, 'a', 'empty'), '');
  writeFileSync(join(folder, 'a.txt'), 'four');
  symlinkSync('..', join(folder, 'a', 'up'));
  symlinkSync('self', join(folder, 'self'));
  symlinkSync('/', join(folder, 'root'));
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff, 0xfe)]), '12345');
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  writeFileSync(join(f.artifacts.folder(1, 0, '1'), 'other'), '1');
  const listed = await f.artifacts.list(1, 0, [
    { key: '0', path: 'out' },
    { key: '1', path: '/opt/env' },
  ]);
  expect(listed).toEqual([
    { artifact: 'out', file: 'a.txt', size: 4 },
    { artifact: 'out', file: 'a/empty', size: 0 },
    { artifact: 'out', file: 'a/up', size: 2 },
    { artifact: 'out', file: 'root', size: 1 },
    { artifact: 'out', file: 'self', size: 4 },
    { artifact: 'out', file: '\ufffd\ufffd', size: 5 },
    { artifact: '/opt/env', file: 'other', size: 1 },
  ]);
});

test('a folder that is not there has no files', async () => {
  await using f = fixture();
  expect(await f.artifacts.list(9, 0, [{ key: '0', path: 'x' }])).toEqual([]);
});

test('use counts what the disk holds: holes are nothing, two names of a file are one', async () => {
  await using f = fixture();
  expect(await f.artifacts.use()).toEqual([]);
  await okay(f.artifacts.prepare(3, 0, [{ key: '0', from: null }]));
  await okay(f.artifacts.prepare(12, 0, [{ key: '0', from: null }]));
  mkdirSync(join(f.dir, 'not-a-run'));
  const folder = f.artifacts.folder(3, 0, '0');
  writeFileSync(join(folder, 'data'), Buffer.alloc(1 << 20, 1));
  linkSync(join(folder, 'data'), join(folder, 'again'));
  writeFileSync(join(folder, 'sparse'), '');
  truncateSync(join(folder, 'sparse'), 1 << 30);
  const use = await f.artifacts.use();
  expect(use.map(({ runId }) => runId)).toEqual([3, 12]);
  // `du` counts in the same way
  expect(use[0]!.bytes).toBe(Number(execFileSync('du', ['-s', '-B1', join(f.dir, '3')], { encoding: 'utf8' }).split('\t')[0]));
  expect(use[0]!.bytes).toBeGreaterThanOrEqual(1 << 20);
  expect(use[0]!.bytes).toBeLessThan(2 << 20);
});
