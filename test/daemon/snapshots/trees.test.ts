import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { contents, repository, shoot, snapshotsIn, tempDir, write } from './lab.ts';

test('a tree is unpacked once, whoever asks, and lies there for every user of an image', async () => {
  const dir = repository({ a: '1', 'sub/run.sh': '2' });
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  const { tree } = unwrap(await snapshots.take(dir));
  const places = await Promise.all([1, 2, 3, 4].map(() => snapshots.materialize(dir, tree)));
  const other = await snapshotsIn(home).materialize(dir, tree);
  expect(new Set([...places, other].map(unwrap))).toEqual(new Set([join(home, 'trees', tree)]));
  const inode = statSync(join(home, 'trees', tree)).ino;
  await snapshots.materialize(dir, tree);
  expect(statSync(join(home, 'trees', tree)).ino).toBe(inode);
  expect(readdirSync(join(home, 'trees'))).toEqual([tree]);
  const mode = (path: string) => (statSync(join(home, path)).mode & 0o777).toString(8);
  expect([mode('trees'), mode(`trees/${tree}`), mode(`trees/${tree}/sub`), mode(`trees/${tree}/a`)]).toEqual(['700', '777', '777', '666']);
});

test('the tree after an edit shares its files with the one before, which stays as it was', async () => {
  const dir = repository({ same: '1', edited: '2', 'gone/deep/x': '3', file: '4', 'dir/x': '5', run: '6' });
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  const before = await shoot(snapshots, dir);
  write(dir, { edited: 'two', 'new/deep/y': '7' });
  rmSync(join(dir, 'gone'), { recursive: true });
  rmSync(join(dir, 'file'));
  write(dir, { 'file/x': 'was a file' });
  rmSync(join(dir, 'dir'), { recursive: true });
  symlinkSync('same', join(dir, 'dir'));
  const after = await shoot(snapshots, dir);
  expect(after.holds).toEqual(contents(dir));
  expect(contents(join(home, 'trees', before.tree))).toEqual(before.holds);
  expect(readdirSync(join(home, 'trees', after.tree)).sort()).toEqual(['dir', 'edited', 'file', 'new', 'run', 'same']);
  const inode = (tree: string, file: string) => statSync(join(home, 'trees', tree, file)).ino;
  expect(inode(after.tree, 'same')).toBe(inode(before.tree, 'same'));
  expect(inode(after.tree, 'edited')).not.toBe(inode(before.tree, 'edited'));
});

test('a tree outlives its project, and an unknown one is a failure that leaves nothing', async () => {
  const dir = repository({ a: '1' });
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  const { tree } = unwrap(await snapshots.take(dir));
  spawnSync('rm', ['-r', dir]);
  expect(contents(unwrap(await snapshotsIn(home).materialize(dir, tree)))).toEqual({ a: 'file 1' });
  for (const bad of ['0'.repeat(39) + '1', '../../etc']) {
    expect(await snapshots.materialize(dir, bad)).toMatchObject({ ok: false, failure: { code: 'git' } });
  }
  expect(readdirSync(join(home, 'trees'))).toEqual([tree]);
});
