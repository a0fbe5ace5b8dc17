import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fixture, okay } from './fixture.ts';

const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);

test('folders are open to every user of a container, whatever the umask, beneath a parent that is closed', async () => {
  await using f = fixture();
  const before = process.umask(0o077);
  try {
    await okay(
      f.artifacts.prepare(7, 0, [
        { key: '0', from: null },
        { key: '1', from: null },
      ]),
    );
  } finally {
    process.umask(before);
  }
  expect(f.artifacts.folder(7, 0, '0')).toBe(join(f.dir, '7', '0', '0'));
  expect(mode(f.artifacts.folder(7, 0, '0'))).toBe('777');
  expect(mode(f.artifacts.folder(7, 0, '1'))).toBe('777');
  expect(mode(f.dir)).toBe('700');
});

test('a store that was open is closed again', async () => {
  await using f = fixture();
  mkdirSync(f.dir, { mode: 0o755 });
  await okay(f.artifacts.prepare(1, 0, [{ key: '0', from: null }]));
  expect(mode(f.dir)).toBe('700');
});

test('a second time changes nothing that the job has written', async () => {
  await using f = fixture();
  const dep = join(f.base, 'dep');
  mkdirSync(dep);
  writeFileSync(join(dep, 'model'), 'old');
  const folders = [
    { key: '0', from: dep },
    { key: '1', from: null },
  ];
  await okay(f.artifacts.prepare(1, 0, folders));
  writeFileSync(join(f.artifacts.folder(1, 0, '0'), 'model'), 'trained');
  writeFileSync(join(f.artifacts.folder(1, 0, '1'), 'log'), 'line');
  writeFileSync(join(dep, 'later'), 'x');

  await okay(f.artifacts.prepare(1, 0, folders));
  expect(readFileSync(join(f.artifacts.folder(1, 0, '0'), 'model'), 'utf8')).toBe('trained');
  expect(existsSync(join(f.artifacts.folder(1, 0, '0'), 'later'))).toBe(false);
  expect(readFileSync(join(f.artifacts.folder(1, 0, '1'), 'log'), 'utf8')).toBe('line');
});

test('a copy starts as its source: links stay links, times and exec bits are kept, everybody may write, the source is untouched', async () => {
  await using f = fixture();
  const dep = join(f.base, 'dep');
  mkdirSync(join(dep, 'sub'), { recursive: true, mode: 0o755 });
  writeFileSync(join(dep, 'sub', 'script'), '#!', { mode: 0o755 });
  writeFileSync(join(dep, 'plain'), 'text', { mode: 0o600 });
  utimesSync(join(dep, 'plain'), 1000, 1000);
  symlinkSync('/etc/hostname', join(dep, 'absolute'));
  symlinkSync('loop', join(dep, 'loop'));

  await okay(f.artifacts.prepare(1, 0, [{ key: '0', from: dep }]));
  const made = f.artifacts.folder(1, 0, '0');
  expect(mode(made)).toBe('777');
  expect(mode(join(made, 'sub'))).toBe('777');
  expect(mode(join(made, 'sub', 'script'))).toBe('777');
  expect(mode(join(made, 'plain'))).toBe('666');
  expect(statSync(join(made, 'plain')).mtimeMs).toBe(1_000_000);
  expect(readlinkSync(join(made, 'absolute'))).toBe('/etc/hostname');
  expect(readlinkSync(join(made, 'loop'))).toBe('loop');
  writeFileSync(join(made, 'plain'), 'changed');
  expect(readFileSync(join(dep, 'plain'), 'utf8')).toBe('text');
  expect(mode(join(dep, 'plain'))).toBe('600');
});

test('a copy that was cut short is made again', async () => {
  await using f = fixture();
  const dep = join(f.base, 'dep');
  mkdirSync(dep);
  writeFileSync(join(dep, 'a'), 'whole');
  writeFileSync(join(dep, 'b'), 'whole');
  // what a daemon killed in the middle of the copy leaves
  const part = join(f.dir, '1', '0', '.0.part');
  mkdirSync(part, { recursive: true });
  writeFileSync(join(part, 'a'), 'wh');
  writeFileSync(join(part, 'stray'), '');

  await okay(f.artifacts.prepare(1, 0, [{ key: '0', from: dep }]));
  const made = f.artifacts.folder(1, 0, '0');
  expect(readFileSync(join(made, 'a'), 'utf8')).toBe('whole');
  expect(readFileSync(join(made, 'b'), 'utf8')).toBe('whole');
  expect(existsSync(join(made, 'stray'))).toBe(false);
  expect(existsSync(part)).toBe(false);
});

test('a source that is gone is a failure that names it, and nothing looks complete', async () => {
  await using f = fixture();
  const dep = join(f.base, 'dep');
  const result = await f.artifacts.prepare(1, 0, [{ key: '0', from: dep }]);
  expect(result).toMatchObject({ ok: false, failure: { code: 'dep_missing', message: expect.stringContaining(dep) } });
  expect(existsSync(f.artifacts.folder(1, 0, '0'))).toBe(false);
});

test('a path that cannot be made is a failure, not an exception', async () => {
  await using f = fixture();
  mkdirSync(f.dir);
  writeFileSync(join(f.dir, '1'), 'in the way');
  const result = await f.artifacts.prepare(1, 0, [{ key: '0', from: null }]);
  expect(result).toMatchObject({ ok: false, failure: { code: 'artifacts' } });
});

test('remove takes all of a run, read-only folders too, and twice is once', async () => {
  await using f = fixture();
  await okay(f.artifacts.prepare(1, 0, [{ key: '0', from: null }]));
  await okay(f.artifacts.prepare(2, 0, [{ key: '0', from: null }]));
  const sealed = join(f.artifacts.folder(1, 0, '0'), 'sealed');
  mkdirSync(join(sealed, 'deep'), { recursive: true });
  writeFileSync(join(sealed, 'deep', 'file'), 'x');
  await f.artifacts.remove(1);
  await f.artifacts.remove(1);
  expect(existsSync(join(f.dir, '1'))).toBe(false);
  expect(lstatSync(join(f.dir, '2')).isDirectory()).toBe(true);
  rmSync(join(f.dir, '2'), { recursive: true });
});
