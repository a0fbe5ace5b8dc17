import type { BytePath } from './bytes.ts';
import { bytePath } from './bytes.ts';
import { leftOutWarnings } from './changes.ts';
import { hashFew, isFew } from './hash-few.ts';
import { inspect } from './inspect.ts';
import type { LastSnapshot, Room, SnapshotOptions } from './room.ts';
import { forget, realPath } from './room.ts';
import { indexStamp, keepTree } from './shadow.ts';
import type { SnapshotAgain } from './snapshots.ts';

/**
 * The snapshot after these files alone have changed: the last one, with these read anew. No process is started, nothing else is looked at. Null: only a whole look
 * can tell (there is no last one, a path is new or was left out, they are many, the limit is near).
 */
export async function takeAgain(
  room: Room,
  options: SnapshotOptions,
  givenDir: string,
  paths: readonly BytePath[],
): Promise<SnapshotAgain | null> {
  const { last, wanted, shadow, head } = room;
  const before = last?.mirror.root.tree;
  if (!last || !wanted || !shadow || !head || !before || indexStamp(shadow) !== last.stamp) return null;
  if (!paths.every((path) => wanted.paths.has(path))) return null;
  const root = bytePath(`${realPath(givenDir)}/`);
  const found = await inspect(root, paths);
  const files = found.filter((one) => one.kind === 'file');
  if (!isFew(files)) return null;
  const known = new Map(paths.map((path) => [path, last.mirror.files.get(path)]));
  let bytes = 0;
  for (const { size } of last.mirror.files.values()) bytes += Math.max(0, size);
  for (const { path, size } of files) bytes += size - Math.max(0, known.get(path)?.size ?? 0);
  // what is said of a big project, and the refusal of one too big, are the whole look's
  if (bytes > Math.min(options.warnBytes(), options.maxBytes())) return null;
  try {
    const removed = found.flatMap((one) => (one.kind === 'file' ? [] : [one.path]));
    const { tree, leftOut } = hashFew(shadow, root, last, removed, files);
    keepTree(shadow, tree);
    const refused = found.flatMap((one) => (one.kind === 'left out' ? [{ path: one.path, why: one.why }] : []));
    return {
      ...{ tree, ...head, dirty: true, files: last.mirror.files.size, bytes, warnings: leftOutWarnings([...refused, ...leftOut]) },
      ...{ before, changed: paths.filter((path) => differs(last, path, known.get(path))) },
    };
  } catch {
    // what is in memory may be half of it
    forget(room);
    return null;
  }
}

type Known = { blob: string; mode: string } | undefined;

function differs(last: LastSnapshot, path: BytePath, before: Known): boolean {
  const now: Known = last.mirror.files.get(path);
  return now?.blob !== before?.blob || now?.mode !== before?.mode;
}
