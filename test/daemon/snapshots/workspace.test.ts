import { spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { overlaySafe } from '../../../daemon/snapshots/overlay-safe.ts';
import { unwrap } from '../../../shared/result.ts';
import { contents, repository, snapshotsIn, tempDir, write } from './lab.ts';

async function lab(options = {}) {
  const dir = repository({ a: '1', 'sub/b': '2' });
  const home = tempDir();
  const snapshots = snapshotsIn(home, options);
  const { tree } = unwrap(await snapshots.take(dir));
  return { dir, home, snapshots, tree };
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('an overlay: the tree below, folders above that every user may write, closed to the others of the machine', async () => {
  const { dir, home, snapshots, tree } = await lab();
  const workspace = unwrap(await snapshots.prepareWorkspace(dir, tree, 'run-1-0-1', true));
  const place = join(home, 'workspaces', 'run-1-0-1');
  const mount = { type: 'overlay', lower: join(home, 'trees', tree), upper: join(place, 'upper'), work: join(place, 'work') };
  expect(workspace).toEqual({ id: 'run-1-0-1', mount });
  expect([mode(mount.upper), mode(mount.work), mode(place), mode(join(home, 'workspaces'))]).toEqual(['777', '777', '700', '700']);
  writeFileSync(join(mount.upper, 'kept'), '');
  expect(unwrap(await snapshots.prepareWorkspace(dir, tree, 'run-1-0-1', true))).toEqual(workspace);
  expect(existsSync(join(mount.upper, 'kept'))).toBe(true);
});

test('a copy is of its own, and made once', async () => {
  const { dir, home, snapshots, tree } = await lab();
  const ask = () => snapshots.prepareWorkspace(dir, tree, 'w', false);
  const [one, two] = (await Promise.all([ask(), ask()])).map(unwrap);
  expect(one).toEqual({ id: 'w', mount: { type: 'bind', source: join(home, 'workspaces/w/files'), readOnly: false } });
  expect(two).toEqual(one);
  const files = join(home, 'workspaces/w/files');
  expect([mode(files), mode(join(files, 'sub')), mode(join(files, 'a'))]).toEqual(['777', '777', '666']);
  write(files, { a: 'written by the job' });
  await ask();
  expect(contents(files)).toEqual({ a: 'file written by the job', 'sub/b': 'file 2' });
  expect(contents(join(home, 'trees', tree))).toEqual({ a: 'file 1', 'sub/b': 'file 2' });
});

test('workspaces are listed and discarded, twice too', async () => {
  const { dir, snapshots, tree } = await lab();
  unwrap(await snapshots.prepareWorkspace(dir, tree, 'one', true));
  unwrap(await snapshots.prepareWorkspace(dir, tree, 'two', false));
  expect((await snapshots.workspaces()).sort()).toEqual(['one', 'two']);
  await snapshots.discardWorkspace('two');
  await snapshots.discardWorkspace('two');
  expect(await snapshots.workspaces()).toEqual(['one']);
});

test('what cannot be deleted is deleted as root; other failures are not hidden', async () => {
  const asked: string[] = [];
  const { dir, home, snapshots, tree } = await lab({
    deleteAsRoot: (path: string) => {
      asked.push(path);
      spawnSync('chattr', ['-i', join(path, 'upper')]);
      spawnSync('chmod', ['-R', 'u+rwx', path]);
      spawnSync('rm', ['-rf', path]);
      return Promise.resolve();
    },
  });
  const { mount } = unwrap(await snapshots.prepareWorkspace(dir, tree, 'mine', true));
  if (mount.type !== 'overlay') throw new Error('no overlay');
  write(mount.upper, { 'd/file': 'of another user' });
  // for root, only an immutable directory refuses; for others, one that they may not write
  if (process.getuid?.() === 0) expect(spawnSync('chattr', ['+i', mount.upper]).status).toBe(0);
  else spawnSync('chmod', ['0', join(mount.upper, 'd')]);
  await snapshots.discardWorkspace('mine');
  expect(asked).toHaveLength(1);
  expect(asked[0]?.startsWith(join(home, 'workspaces/'))).toBe(true);
  expect(existsSync(asked[0] ?? '')).toBe(false);
  expect(await snapshots.workspaces()).toEqual([]);
});

test('names that would leave the folder are refused, and so is a tree that is not there', async () => {
  const { dir, snapshots, tree } = await lab();
  for (const id of ['../x', '', '.hidden', 'a/b']) expect((await snapshots.prepareWorkspace(dir, tree, id, true)).ok).toBe(false);
  expect((await snapshots.prepareWorkspace(dir, '1'.repeat(40), 'x', true)).ok).toBe(false);
  expect(await snapshots.workspaces()).toEqual([]);
});

test('paths that an overlay mount cannot hold', () => {
  expect(['/home/a b/.dstack', '/a:b', '/a,b', '/a\\b'].map(overlaySafe)).toEqual([true, false, false, false]);
});
