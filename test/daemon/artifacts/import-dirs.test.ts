import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fixture, okay } from './fixture.ts';

test('folders are copied; links inside stay links, a link to a folder is followed', async () => {
  await using f = fixture();
  const data = join(f.base, 'my data, v1:2');
  mkdirSync(data);
  writeFileSync(join(data, 'set.csv'), '1,2', { mode: 0o755 });
  symlinkSync('set.csv', join(data, 'current'));
  symlinkSync(data, join(f.base, 'link'));
  await okay(
    f.artifacts.importDirs(1, 0, [
      { key: '0', source: data },
      { key: '1', source: join(f.base, 'link') },
    ]),
  );
  for (const key of ['0', '1']) {
    const made = f.artifacts.folder(1, 0, key);
    expect(statSync(join(made, 'set.csv')).mode & 0o777).toBe(0o755);
    expect(readlinkSync(join(made, 'current'))).toBe('set.csv');
  }
  writeFileSync(join(data, 'set.csv'), 'changed');
  expect(readFileSync(join(f.artifacts.folder(1, 0, '0'), 'set.csv'), 'utf8')).toBe('1,2');
});

test.each(['file', 'missing'])('a %s is refused by name, before anything is copied', async (kind) => {
  await using f = fixture();
  const good = join(f.base, 'good');
  mkdirSync(good);
  const bad = join(f.base, 'bad');
  if (kind === 'file') writeFileSync(bad, '');
  const result = await f.artifacts.importDirs(1, 0, [
    { key: '0', source: good },
    { key: '1', source: bad },
  ]);
  expect(result).toMatchObject({ ok: false, failure: { code: 'not_a_directory', message: expect.stringContaining(bad) } });
  expect(existsSync(f.artifacts.folder(1, 0, '0'))).toBe(false);
});

test('a folder around the store itself is refused', async () => {
  await using f = fixture();
  const result = await f.artifacts.importDirs(1, 0, [{ key: '0', source: f.base }]);
  expect(result).toMatchObject({ ok: false, failure: { code: 'not_a_directory', message: expect.stringContaining('contains the store') } });
});

test('a second import takes the place of the first', async () => {
  await using f = fixture();
  for (const name of ['first', 'second']) {
    mkdirSync(join(f.base, name));
    writeFileSync(join(f.base, name, name), '');
    await okay(f.artifacts.importDirs(1, 0, [{ key: '0', source: join(f.base, name) }]));
  }
  expect(readdirSync(f.artifacts.folder(1, 0, '0'))).toEqual(['second']);
});

test('a copy that fails says why and leaves nothing behind', async () => {
  await using f = fixture();
  // the longest path that the system allows: below the store, whose own path is longer, there is no room for it
  const deep = join(f.base, 'deep');
  let path = deep;
  while (path.length < 3850) path = join(path, 'x'.repeat(200));
  mkdirSync(join(path, 'x'.repeat(4094 - path.length)), { recursive: true });
  const result = await f.artifacts.importDirs(1, 0, [{ key: '0', source: deep }]);
  expect(result).toMatchObject({ ok: false, failure: { code: 'copy', message: expect.stringContaining('File name too long') } });
  expect(readdirSync(join(f.dir, '1', '0'))).toEqual([]);
});

test('while it copies it can be asked how far it is', async () => {
  await using f = fixture();
  const data = join(f.base, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'set'), 'x'.repeat(2_000_000));
  symlinkSync(data, join(f.base, 'link'));
  const done = f.artifacts.importDirs(1, 0, [{ key: '0', source: join(f.base, 'link') }]);
  expect(f.artifacts.importing()).toEqual([1]);
  // of what is being read, however it is reached
  expect(await f.artifacts.doing(1)).toMatch(/^copying \d\S* k?M?B of 2 MB/);
  expect(await f.artifacts.doing(2)).toBe(null);
  await okay(done);
  expect(f.artifacts.importing()).toEqual([]);
  expect(await f.artifacts.doing(1)).toBe(null);
});
