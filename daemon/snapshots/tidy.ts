import { rmSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { git } from './git.ts';
import { othersHere } from './index-owner.ts';
import { type Place, type Room, shadowOf } from './room.ts';
import { dropTree, keptTrees, shadowEnv } from './shadow.ts';

/** What is being written just now by nobody that we know of (ms). */
const young = 60_000;

/** So many are worth the work of making them one. */
const manyPacks = 20;

/**
 * Drops the snapshots of one project that are not to be kept, and the loose objects that only they needed: what a watch leaves behind. The last one stays, the next is made from it.
 * Returns those that went; none does while another process has snapshots here.
 */
export async function tidy(room: Room, place: Place, keep: ReadonlySet<string>): Promise<string[]> {
  const shadow = shadowOf(room, place);
  if (othersHere(shadow.dir)) return [];
  const last = room.last?.mirror.root.tree;
  const dropped = keptTrees(shadow.dir).filter((tree) => !keep.has(tree) && tree !== last);
  for (const tree of dropped) dropTree(shadow.dir, tree);
  // of a project whose files are received each change is a pack of its own
  const packs = readdirSync(join(shadow.objects, 'pack')).filter((name) => name.endsWith('.pack')).length;
  if (dropped.length > 0 && packs > manyPacks)
    await git(['repack', '-a', '-d', '-q'], { cwd: shadow.dir, env: shadowEnv(shadow, shadow.dir) });
  if (dropped.length > 0) await git(['prune', '--expire=now'], { cwd: shadow.dir, env: shadowEnv(shadow, shadow.dir) });
  for (const name of readdirSync(shadow.dir)) {
    const file = join(shadow.dir, name);
    const at = name.startsWith('tmp-') ? statSync(file, { throwIfNoEntry: false })?.mtimeMs : undefined;
    if (at !== undefined && Date.now() - at > young) rmSync(file, { force: true });
  }
  return dropped;
}
