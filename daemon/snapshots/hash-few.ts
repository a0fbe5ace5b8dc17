import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { type BytePath, toBytes } from './bytes.ts';
import { type Found, hasVanished, reason } from './inspect.ts';
import { type Entry, type Mirror, removeFile, setFile, treeOf } from './mirror.ts';
import { writeObject } from './objects.ts';
import type { LastSnapshot } from './room.ts';
import type { Shadow } from './shadow.ts';

export type FoundFile = Extract<Found, { kind: 'file' }>;

/** Above these the git process is worth its time. */
const few = { files: 64, bytes: 4_000_000 };

export const isFew = (files: FoundFile[]): boolean =>
  files.length <= few.files && files.reduce((sum, file) => sum + file.size, 0) <= few.bytes;

/**
 * Takes the files of a small edit into the snapshot, without our index: reads and hashes them here, writes the objects and the trees above them.
 * Returns the tree id and what could not be read.
 */
export function hashFew(shadow: Shadow, root: BytePath, last: LastSnapshot, gone: BytePath[], files: FoundFile[]) {
  const removed = [...gone];
  const leftOut: { path: BytePath; why: string }[] = [];
  const read: { path: BytePath; entry: Entry }[] = [];
  for (const file of files) {
    const found = readEntry(root, file);
    if (!found) removed.push(file.path);
    else if ('why' in found) leftOut.push({ path: file.path, why: found.why });
    else
      read.push({
        path: file.path,
        entry: { mode: found.mode, blob: writeObject(shadow.objects, 'blob', found.content), size: found.content.length },
      });
  }
  for (const path of [...removed, ...leftOut.map((file) => file.path)]) drop(last, path);
  for (const { path, entry } of read) put(last, path, entry);
  const tree = treeOf(last.mirror, (content) => writeObject(shadow.objects, 'tree', content));
  return { tree, leftOut };
}

function drop(last: LastSnapshot, path: BytePath): void {
  if (!last.mirror.files.has(path)) return;
  removeFile(last.mirror, path);
  last.ahead.delete(path);
  last.gone.add(path);
}

function put(last: LastSnapshot, path: BytePath, entry: Entry): void {
  last.ahead.add(path);
  last.gone.delete(path);
  if (!same(last.mirror, path, entry)) setFile(last.mirror, path, entry);
}

function same(mirror: Mirror, path: BytePath, entry: Entry): boolean {
  const known = mirror.files.get(path);
  return known !== undefined && known.blob === entry.blob && known.mode === entry.mode && known.size === entry.size;
}

/** Reads what stands there now; it may have become something else since it was looked at, or be gone (null). */
function readEntry(root: BytePath, file: FoundFile): { content: Buffer; mode: Entry['mode'] } | { why: string } | null {
  const path = toBytes(root + file.path);
  try {
    return file.mode === '120000' ? { content: readlinkSync(path, { encoding: 'buffer' }), mode: file.mode } : readRegular(path);
  } catch (error) {
    return hasVanished(error) ? null : { why: reason(error) };
  }
}

function readRegular(path: Buffer): { content: Buffer; mode: Entry['mode'] } {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('not a regular file any more');
    return { content: readFileSync(fd), mode: stat.mode & 0o100 ? '100755' : '100644' };
  } finally {
    closeSync(fd);
  }
}
