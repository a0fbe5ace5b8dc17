import { type BytePath, readable } from './bytes.ts';
import type { FoundFile } from './hash-few.ts';
import { inspect } from './inspect.ts';
import type { LastSnapshot } from './room.ts';

/** How the project differs from the last snapshot. */
export interface Changes {
  /** to be read: new, or perhaps changed */
  files: FoundFile[];
  /** in the last snapshot, and not to be in the next */
  removed: BytePath[];
  leftOut: LeftOut[];
}

export interface LeftOut {
  path: BytePath;
  why: string;
}

/**
 * Compares the paths that are wanted with the last snapshot. `changed` is what Git found to differ from our index by its times, size or mode; all else
 * that was there is as it was. Only what may differ is looked at.
 */
export async function findChanges(last: LastSnapshot, root: BytePath, paths: Set<BytePath>, changed: Set<BytePath>): Promise<Changes> {
  const now = seconds(Date.now());
  const known = last.mirror.files;
  const suspects = new Set<BytePath>();
  for (const path of paths) if ((known.get(path)?.size ?? -1) < 0) suspects.add(path);
  for (const path of [...changed, ...last.ahead, ...last.unsure.keys()]) if (paths.has(path)) suspects.add(path);

  const changes: Changes = { files: [], removed: [], leftOut: [] };
  for (const path of known.keys()) if (!paths.has(path)) changes.removed.push(path);
  for (const found of await inspect(root, suspects)) {
    const before = known.get(found.path);
    if (found.kind === 'file') {
      const sameAsIndex = before && !changed.has(found.path) && !last.ahead.has(found.path) && !isNewer(last, found);
      if (sameAsIndex) {
        // loaded from our index, which does not say how big things are on disk
        before.size = found.size;
        // from now on a change has another second
        if (seconds(found.ctimeMs) < now - 1) last.unsure.delete(found.path);
      } else changes.files.push(found);
      continue;
    }
    if (before) changes.removed.push(found.path);
    if (found.kind === 'left out') changes.leftOut.push({ path: found.path, why: found.why });
  }
  return changes;
}

/**
 * The files of which Git could miss one more change: it knows times to the second only, and compares contents where the time of the content (mtime) is
 * as young as its index; a tool that puts that time back (cp -p, rsync, tar) hides the change.
 */
export function unsureFiles(files: FoundFile[], since: number): Map<BytePath, number> {
  const unsure = files.filter(({ mtimeMs, ctimeMs }) => seconds(ctimeMs) >= seconds(since) - 1 && seconds(mtimeMs) < seconds(ctimeMs));
  return new Map(unsure.map(({ path, ctimeMs }) => [path, ctimeMs]));
}

function isNewer(last: LastSnapshot, found: FoundFile): boolean {
  const before = last.unsure.get(found.path);
  return before !== undefined && before !== found.ctimeMs;
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

/** The files of the snapshot to be, with their sizes in bytes. */
export function filesAfter(last: LastSnapshot, changes: Changes): { path: BytePath; size: number }[] {
  const replaced = new Set([...changes.removed, ...changes.files.map((file) => file.path)]);
  const kept = [...last.mirror.files].filter(([path]) => !replaced.has(path)).map(([path, { size }]) => ({ path, size }));
  return [...kept, ...changes.files];
}

/** One sentence for each reason. */
export function leftOutWarnings(leftOut: LeftOut[]): string[] {
  const byReason = Map.groupBy(leftOut, (file) => file.why);
  return [...byReason].map(([why, files]) => {
    const named = files.slice(0, 5).map((file) => readable(file.path));
    const more = files.length - named.length;
    return `Left out of the snapshot (${why}): ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  });
}
