import { readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toBytes } from './bytes.ts';
import { type Use, diskUse, shadowDirs } from './disk-use.ts';
import { git } from './git.ts';
import { othersHere } from './index-owner.ts';
import type { SnapshotOptions } from './room.ts';
import { type Shadow, dropTree, keptTrees, shadowEnv } from './shadow.ts';
import { namesIn, removeWhole } from './parts.ts';
import { isTreeId } from './trees.ts';

/** Deletes materialised trees that nothing keeps, and what killed processes left. Returns what that frees. */
export async function collectTrees(options: SnapshotOptions, keep: Set<string>, dryRun: boolean): Promise<Use> {
  const { treesDir, workspacesDir, deleteAsRoot } = options;
  const { whole, parts } = namesIn(treesDir);
  const kept = whole.filter((tree) => keep.has(tree));
  const dropped = [...whole.filter((tree) => !keep.has(tree)), ...parts];
  const sizes = await diskUse([...kept, ...dropped].map((name) => join(treesDir, name)));
  if (!dryRun) {
    for (const name of dropped) await removeWhole(treesDir, name, deleteAsRoot);
    for (const name of namesIn(workspacesDir).parts) await removeWhole(workspacesDir, name, deleteAsRoot);
  }
  return { bytes: sum(sizes.slice(kept.length)), items: dropped.filter(isTreeId).length };
}

/** Deletes the snapshots that nothing keeps and all objects that only they needed; of a project with none left, everything. */
export async function collectObjects(options: SnapshotOptions, keep: Set<string>, dryRun: boolean): Promise<Use> {
  const freed: Use = { bytes: 0, items: 0 };
  for (const dir of shadowDirs(options.dir)) {
    const { bytes, items } = await collectShadow(dir, keep, dryRun);
    freed.bytes += bytes;
    freed.items += items;
  }
  return freed;
}

async function collectShadow(dir: string, keep: Set<string>, dryRun: boolean): Promise<Use> {
  // what looks like garbage may be what another process is just writing
  if (othersHere(dir)) return { bytes: 0, items: 0 };
  const trees = keptTrees(dir);
  const kept = trees.filter((tree) => keep.has(tree));
  const dropped = trees.filter((tree) => !keep.has(tree));
  if (kept.length === 0) {
    const [bytes = 0] = await diskUse([dir]);
    if (!dryRun) await rm(dir, { recursive: true, force: true });
    return { bytes, items: dropped.length };
  }
  const shadow: Shadow = { dir, index: join(dir, 'index'), objects: join(dir, 'objects') };
  const bytes = await unneeded(shadow, kept);
  if (!dryRun) {
    for (const name of readdirSync(dir)) if (name.startsWith('tmp-')) rmSync(join(dir, name), { force: true });
    for (const tree of dropped) dropTree(dir, tree);
    if (bytes > 0) await prune(shadow);
  }
  return { bytes, items: dropped.length };
}

/** Bytes of the objects that neither the trees nor our index need. */
async function unneeded(shadow: Shadow, kept: string[]): Promise<number> {
  const options = { cwd: shadow.dir, env: shadowEnv(shadow, shadow.dir) };
  const [needed, all] = await Promise.all([
    git(['rev-list', '--objects', '--no-object-names', '--indexed-objects', '--stdin'], {
      ...options,
      input: toBytes(kept.join('\n') + '\n'),
    }),
    git(['cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objectsize:disk)'], options),
  ]);
  const ids = new Set(needed.out.toString('latin1').split('\n'));
  const rows = all.out.toString('latin1').trim().split('\n');
  return sum(rows.filter((row) => !ids.has(row.slice(0, 40))).map((row) => Number(row.slice(41))));
}

async function prune(shadow: Shadow): Promise<void> {
  const options = { cwd: shadow.dir, env: shadowEnv(shadow, shadow.dir) };
  const packed = readdirSync(join(shadow.objects, 'pack')).length > 0;
  // prune looks at loose objects only; big files lie in packs
  if (packed) await git(['repack', '-a', '-d', '-q'], options);
  await git(['prune', '--expire=now'], options);
}

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
