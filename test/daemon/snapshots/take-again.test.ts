import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { contents, git, repository, snapshotsIn, tempDir, write } from './lab.ts';

const files = { 'a.py': '1\n', 'src/b.py': '1\n', 'src/c.py': '1\n' };

test('looking at some files gives the very tree that a whole look does', async () => {
  const dir = repository(files);
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  const whole = snapshotsIn(tempDir());
  const first = unwrap(await snapshots.take(dir));
  write(dir, { 'a.py': '2\n', 'src/b.py': '1\n' });
  unlinkSync(join(dir, 'src/c.py'));
  const again = await snapshots.takeAgain(dir, ['a.py', 'src/b.py', 'src/c.py']);
  expect(again).toMatchObject({ tree: unwrap(await whole.take(dir)).tree, before: first.tree, changed: ['a.py', 'src/c.py'], files: 2 });
  expect(contents(unwrap(await snapshots.materialize(dir, again?.tree ?? '')))).toEqual(contents(dir));
  // what was not named is found by the next whole look, what was stays
  write(dir, { 'src/b.py': '3\n', 'new.py': 'x\n' });
  chmodSync(join(dir, 'a.py'), 0o755);
  expect(unwrap(await snapshots.take(dir)).tree).toBe(unwrap(await whole.take(dir)).tree);
  unlinkSync(join(dir, 'a.py'));
  symlinkSync('src/b.py', join(dir, 'a.py'));
  expect((await snapshots.takeAgain(dir, ['a.py']))?.tree).toBe(unwrap(await whole.take(dir)).tree);
});

test('where only a whole look can tell it says so', async () => {
  const dir = repository({ ...files, '.gitignore': '*.log\n' });
  const snapshots = snapshotsIn(tempDir(), { warnBytes: () => 1000 });
  expect(await snapshots.takeAgain(dir, ['a.py'])).toBeNull();
  unwrap(await snapshots.take(dir));
  expect(await snapshots.takeAgain(dir, ['new.py'])).toBeNull();
  expect(await snapshots.takeAgain(dir, ['x.log'])).toBeNull();
  write(dir, { 'a.py': 'x'.repeat(2000) });
  expect(await snapshots.takeAgain(dir, ['a.py'])).toBeNull();
  unlinkSync(join(dir, 'a.py'));
  mkdirSync(join(dir, 'a.py'));
  write(dir, { 'a.py/in.py': '1' });
  // gone as a file; what is below it is another path
  expect(await snapshots.takeAgain(dir, ['a.py'])).toMatchObject({ changed: ['a.py'] });
});

test('the files in which two trees differ', async () => {
  const dir = repository(files);
  const snapshots = snapshotsIn(tempDir());
  const one = unwrap(await snapshots.take(dir)).tree;
  write(dir, { 'src/b.py': '2\n', 'neu é.py': '1' });
  const two = unwrap(await snapshots.take(dir)).tree;
  expect((await snapshots.changedPaths(dir, one, two)).map((path) => Buffer.from(path, 'latin1').toString())).toEqual([
    'neu é.py',
    'src/b.py',
  ]);
  expect(await snapshots.changedPaths(dir, two, two)).toEqual([]);
  expect([snapshots.has(dir, one), snapshots.has(dir, 'f'.repeat(40)), snapshots.has(dir, '../../x')]).toEqual([true, false, false]);
});

test('what a watch leaves behind goes; the last snapshot and what is kept stay whole', async () => {
  const dir = repository(files);
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  const first = unwrap(await snapshots.take(dir)).tree;
  unwrap(await snapshots.materialize(dir, first));
  const trees: string[] = [];
  for (let i = 0; i < 40; i++) {
    write(dir, { 'src/b.py': `edit ${i}\n` });
    trees.push((await snapshots.takeAgain(dir, ['src/b.py']))?.tree ?? '');
  }
  const kept = trees[20] ?? '';
  const loose = (): number =>
    readdirSync(join(home, 'snapshots'), { recursive: true }).filter((path) => /objects\/..\/.{38}$/.test(String(path))).length;
  const before = loose();
  expect(await snapshots.tidy(dir, new Set([kept]))).toBe(39);
  expect(loose()).toBeLessThan(before - 100);
  expect(readdirSync(join(home, 'trees'))).toEqual([]);
  expect(contents(unwrap(await snapshots.materialize(dir, kept)))).toMatchObject({ 'src/b.py': 'file edit 20\n' });
  // the next one is made from the last
  write(dir, { 'a.py': 'after\n' });
  const next = (await snapshots.takeAgain(dir, ['a.py']))?.tree ?? '';
  expect(contents(unwrap(await snapshots.materialize(dir, next)))).toMatchObject({ 'a.py': 'file after\n', 'src/b.py': 'file edit 39\n' });
  expect(await snapshots.tidy(dir, new Set([next]))).toBe(2);
});

test('folders that no snapshot looks into', async () => {
  const outer = repository({ '.gitignore': 'cache/\n/home-ignored/\n', 'project/a.py': '1' });
  const dir = join(outer, 'project');
  write(dir, { 'cache/x': '', 'data/x': '', 'keep/x': '', '.dstackignore': 'data/\n!cache/wanted/*.bin\n' });
  write(outer, { 'home-ignored/p/in/x': '', 'home-ignored/p/.gitignore': 'out/\n', 'home-ignored/p/out/x': '' });
  repository({ 'lib/x': '', '.gitignore': 'build/\n' }, join(dir, 'nested'));
  write(dir, { 'nested/build/x': '', 'cache/wanted/x.bin': '', 'cache/other/x': '' });
  const snapshots = snapshotsIn(join(dir, '.dstack-home'));
  const asked = ['cache', 'cache/wanted', 'cache/other', 'data', 'keep', 'nested', 'nested/lib', 'nested/build', '.dstack-home'];
  expect([...(await snapshots.ignoredFolders(dir, asked))].toSorted()).toEqual(['.dstack-home', 'cache/other', 'data', 'nested/build']);
  // a project that an outer repository ignores is one by itself
  expect([...(await snapshots.ignoredFolders(join(outer, 'home-ignored/p'), ['in', 'out']))]).toEqual(['out']);
  git(outer, 'status');
  rmSync(dir, { recursive: true });
});
