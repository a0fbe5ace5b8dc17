import { chmodSync, lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fixture, okay } from './fixture.ts';

test('counts files and links, opens what the owner could not read, and leaves every other bit', async () => {
  await using f = fixture();
  await okay(
    f.artifacts.prepare(1, 0, [
      { key: '0', from: null },
      { key: '1', from: null },
    ]),
  );
  const folder = f.artifacts.folder(1, 0, '0');
  mkdirSync(join(folder, 'd'));
  writeFileSync(join(folder, 'd', 'file'), '12345');
  writeFileSync(join(folder, 'readonly'), '1', { mode: 0o444 });
  symlinkSync('d', join(folder, 'link'));
  symlinkSync('/nonexistent/target', join(folder, 'dangling'));
  writeFileSync(join(f.artifacts.folder(1, 0, '1'), 'empty'), '');
  chmodSync(join(folder, 'd', 'file'), 0o020);
  chmodSync(join(folder, 'd'), 0o005);

  expect(await f.artifacts.settle(1, 0)).toEqual({ files: 5, bytes: 5 + 1 + 1 + '/nonexistent/target'.length });
  expect(statSync(join(folder, 'd')).mode & 0o777).toBe(0o705);
  expect(statSync(join(folder, 'd', 'file')).mode & 0o777).toBe(0o420);
  expect(statSync(join(folder, 'readonly')).mode & 0o777).toBe(0o444);
  expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
});

test('a job without artifacts has nothing to settle', async () => {
  await using f = fixture();
  expect(await f.artifacts.settle(5, 0)).toEqual({ files: 0, bytes: 0 });
});
