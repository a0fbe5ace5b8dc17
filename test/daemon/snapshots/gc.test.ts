import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { contents, repository, shoot, snapshotsIn, tempDir, write } from './lab.ts';

const noise = (seed: number): Buffer => Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * i * seed + (i >> 8)) % 251));

test('trees, snapshots and objects that nothing keeps go, the others stay; a dry run says the same and does nothing', async () => {
  const dir = repository({ a: noise(1) });
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  const first = await shoot(snapshots, dir);
  write(dir, { a: noise(2) });
  const second = await shoot(snapshots, dir);
  const before = await snapshots.use();
  expect(before).toMatchObject({ trees: { items: 2 }, objects: { items: 2 }, workspaces: { items: 0 } });

  const plan = await snapshots.gc(new Set([second.tree]), true);
  expect(await snapshots.use()).toEqual(before);
  const freed = await snapshots.gc(new Set([second.tree]), false);
  expect(freed).toEqual(plan);
  expect(freed).toMatchObject({ trees: { items: 1 }, objects: { items: 1 } });
  const after = await snapshots.use();
  expect(after).toMatchObject({ trees: { items: 1 }, objects: { items: 1 } });
  expect(before.trees.bytes - after.trees.bytes).toBeGreaterThan(90_000);
  expect(freed.trees.bytes).toBe(before.trees.bytes - after.trees.bytes);
  expect(freed.objects.bytes).toBeGreaterThan(1000);

  expect(contents(join(home, 'trees', second.tree))).toEqual(second.holds);
  expect((await snapshots.materialize(dir, first.tree)).ok).toBe(false);
  // and snapshots go on, also to what was just thrown away
  write(dir, { a: noise(1) });
  expect((await shoot(snapshots, dir)).holds).toEqual(first.holds);
});

test('the same with objects in packs', async () => {
  const dir = repository({});
  for (let i = 0; i < 100; i++) write(dir, { [`f${i}`]: `${i}` });
  write(dir, { big: noise(3) });
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  const first = await shoot(snapshots, dir);
  for (let i = 0; i < 100; i++) write(dir, { [`f${i}`]: `other ${i}` });
  write(dir, { big: noise(4) });
  const second = await shoot(snapshots, dir);
  const before = (await snapshots.use()).objects.bytes;
  const freed = await snapshots.gc(new Set([second.tree]), false);
  expect(freed.objects.bytes).toBeGreaterThan(90_000);
  expect(before - (await snapshots.use()).objects.bytes).toBeGreaterThan(90_000);
  for (let i = 0; i < 100; i++) write(dir, { [`f${i}`]: `${i}` });
  expect((await shoot(snapshots, dir)).holds['f7']).toBe('file 7');
  write(dir, { big: noise(3) });
  expect((await shoot(snapshots, dir)).tree).toBe(first.tree);
});

test('a project with nothing kept goes altogether, and can come back', async () => {
  const dir = repository({ a: noise(1) });
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  const { holds } = await shoot(snapshots, dir);
  const { objects } = await snapshots.gc(new Set(), false);
  expect(objects).toMatchObject({ items: 1 });
  expect(readdirSync(join(home, 'snapshots'))).toEqual([]);
  expect((await shoot(snapshots, dir)).holds).toEqual(holds);
});

test('what a workspace is built on stays, whatever is asked', async () => {
  const dir = repository({ a: '1' });
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  const { tree } = unwrap(await snapshots.take(dir));
  unwrap(await snapshots.prepareWorkspace(dir, tree, 'w', true));
  expect(await snapshots.gc(new Set(), false)).toMatchObject({ trees: { items: 0 }, objects: { items: 0 } });
  expect(contents(join(home, 'trees', tree))).toEqual({ a: 'file 1' });
  await snapshots.discardWorkspace('w');
  expect(await snapshots.gc(new Set(), false)).toMatchObject({ trees: { items: 1 }, objects: { items: 1 } });
});

test('what a killed process left half made goes', async () => {
  const dir = repository({ a: '1' });
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  const { tree } = await shoot(snapshots, dir);
  for (const folder of ['trees', 'workspaces']) {
    mkdirSync(join(home, folder, '.part-1-abc/deep'), { recursive: true });
    writeFileSync(join(home, folder, '.part-1-abc/deep/x'), 'x');
  }
  await snapshots.gc(new Set([tree]), false);
  expect([readdirSync(join(home, 'trees')), readdirSync(join(home, 'workspaces'))]).toEqual([[tree], []]);
});

test('snapshots taken while gc runs are whole', async () => {
  const dir = repository({ a: '1' });
  for (let i = 0; i < 100; i++) write(dir, { [`f${i}`]: `${i}` });
  const snapshots = snapshotsIn(tempDir());
  for (let i = 0; i < 5; i++) {
    write(dir, { a: `${i}`, f1: `${i}` });
    const [, shot] = await Promise.all([snapshots.gc(new Set(), false), shoot(snapshots, dir)]);
    expect(shot.holds).toEqual(contents(dir));
  }
});
