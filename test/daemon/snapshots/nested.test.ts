import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contents, git, repository, shoot, snapshotsIn, tempDir, write } from './lab.ts';

test('submodules and nested repositories are taken by content, each under its own rules', async () => {
  const library = repository({ 'lib.py': 'lib', '.gitignore': '*.o\n' });
  const dir = repository({ 'main.py': 'main' });
  git(dir, 'submodule', '-q', 'add', library, 'vendor/lib');
  git(dir, 'commit', '-q', '-m', 'submodule');
  write(dir, { 'vendor/lib/lib.py': 'edited', 'vendor/lib/new.py': 'new', 'vendor/lib/x.o': 'no' });
  repository({ 'inner.py': 'inner', 'deep/inner.py': 'deep', '.gitignore': 'no\n', no: 'x' }, join(dir, 'nested'));
  repository({ 'third.py': 'third' }, join(dir, 'nested/third'));
  git(join(dir, 'nested'), 'rm', '-q', '--cached', '-r', '--ignore-unmatch', 'third');
  const fresh = join(dir, 'fresh');
  write(dir, { 'fresh/f.py': 'not committed yet' });
  git(fresh, 'init', '-q');

  const snapshots = snapshotsIn(tempDir());
  const expected = contents(dir);
  delete expected['vendor/lib/x.o'];
  delete expected['nested/no'];
  const shot = await shoot(snapshots, dir);
  expect(shot.holds).toEqual(expected);
  expect(shot.dirty).toBe(true);

  write(dir, { 'nested/third/third.py': 'edited', 'vendor/lib/more': '1' });
  rmSync(join(dir, 'nested/deep'), { recursive: true });
  const again = (await shoot(snapshots, dir)).holds;
  expect(again['nested/third/third.py']).toBe('file edited');
  expect(again['vendor/lib/more']).toBe('file 1');
  expect(again['nested/deep/inner.py']).toBeUndefined();
});

test('a submodule that is not checked out, or whose repository is gone, is what lies there', async () => {
  const library = repository({ 'lib.py': 'lib' });
  const dir = repository({ 'main.py': 'main' });
  git(dir, 'submodule', '-q', 'add', library, 'lib');
  git(dir, 'submodule', '-q', 'add', library, 'broken');
  git(dir, 'commit', '-q', '-m', 'submodules');
  git(dir, 'submodule', '-q', 'deinit', '-f', 'lib');
  rmSync(join(dir, '.git/modules/broken'), { recursive: true });
  writeFileSync(join(dir, 'lib/stray'), 'stray');
  const shot = await shoot(snapshotsIn(tempDir()), dir);
  expect(shot.holds).toMatchObject({ 'main.py': 'file main', 'broken/lib.py': 'file lib', 'lib/stray': 'file stray' });
});

test('nested repositories in a plain directory', async () => {
  const dir = tempDir();
  write(dir, { a: '1' });
  repository({ 'x/b': '2' }, join(dir, 'inner'));
  expect((await shoot(snapshotsIn(tempDir()), dir)).holds).toEqual({ a: 'file 1', 'inner/x/b': 'file 2' });
});

test('a project that is itself a submodule or a worktree', async () => {
  const library = repository({ 'lib.py': 'lib' });
  const dir = repository({ 'main.py': 'main' });
  git(dir, 'submodule', '-q', 'add', library, 'lib');
  expect(await shoot(snapshotsIn(tempDir()), join(dir, 'lib'))).toMatchObject({ holds: { 'lib.py': 'file lib' }, dirty: false });
  const tree = join(tempDir(), 'tree');
  git(library, 'worktree', 'add', '-q', '-b', 'side', tree);
  write(tree, { new: '1' });
  expect(await shoot(snapshotsIn(tempDir()), tree)).toMatchObject({
    holds: { 'lib.py': 'file lib', new: 'file 1' },
    branch: 'side',
    dirty: true,
  });
});
