import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { walk } from '../artifacts/walk.ts';
import type { Workspace } from './snapshots.ts';

/** No count goes on above it. */
export const mostWritten = 1000;

/** What programs leave beside the work of people. */
const byTheWay = /(^|\/)(__pycache__|\.ipynb_checkpoints|\.virtual_documents|[^/]*\.egg-info)(\/|$)/;

/**
 * How many files of a workspace were written since it was made from `tree`, at most `mostWritten`; a folder that may not be looked into counts as one. `mountPoints`: paths in it
 * that are not its own.
 */
export async function writtenFiles(mount: Workspace['mount'], tree: string, mountPoints: readonly string[]): Promise<number> {
  let count = 0;
  for await (const { name, stat } of walk(mount.type === 'overlay' ? mount.upper : mount.source, () => count++)) {
    if (count >= mostWritten) return mostWritten;
    // neither folders nor an overlay's marks of what was deleted
    if (!stat.isFile() && !stat.isSymbolicLink()) continue;
    const path = name.toString();
    if (byTheWay.test(path) || mountPoints.some((point) => path === point || path.startsWith(`${point}/`))) continue;
    if (mount.type === 'overlay' || !(await isSame(stat, join(tree, path)))) count++;
  }
  return count;
}

const isSame = (now: Stats, before: string): Promise<boolean> =>
  lstat(before).then(
    (stat) => stat.size === now.size && stat.mtimeMs === now.mtimeMs,
    () => false,
  );
