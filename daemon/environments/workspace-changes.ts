import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workspace } from '../snapshots/snapshots.ts';

export interface LookOptions {
  /** the tree that it was made from */
  tree: string;
  /** places in it where something is mounted, below it */
  mountPoints: readonly string[];
  /** whether what lies at this path does not count */
  ignored(path: string): boolean;
}

/** The path of something that a build made, changed or deleted in the workspace; null: nothing that counts. What cannot be looked into has changed. */
export async function workspaceChange(mount: Workspace['mount'], options: LookOptions): Promise<string | null> {
  try {
    return mount.type === 'overlay' ? await inUpper(mount.upper, '', options) : await inCopy(mount.source, '', options);
  } catch {
    return '.';
  }
}

/** The upper folder of an overlay has what was written; a folder that the tree has too only holds it, unless it was made anew in its place. */
async function inUpper(upper: string, below: string, options: LookOptions): Promise<string | null> {
  for (const entry of await readdir(join(upper, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (options.ignored(path)) continue;
    if (!entry.isDirectory()) return path;
    const expected = options.mountPoints.some((point) => point === path || point.startsWith(`${path}/`));
    const old = await folderAt(join(options.tree, path));
    if (!expected && !old) return path;
    if (old && (await isAnother(join(upper, path), old))) return path;
    const inside = await inUpper(upper, path, options);
    if (inside !== null) return inside;
  }
  return null;
}

/** A copy is compared with the tree, file by file: times and sizes. */
async function inCopy(copy: string, below: string, options: LookOptions): Promise<string | null> {
  const [now, before] = await Promise.all([
    readdir(join(copy, below), { withFileTypes: true }),
    readdir(join(options.tree, below), { withFileTypes: true }).catch(() => []),
  ]);
  const gone = before.find((entry) => !now.some(({ name }) => name === entry.name));
  if (gone) return join(below, gone.name);
  for (const entry of now) {
    const path = join(below, entry.name);
    if (options.ignored(path)) continue;
    const old = before.find(({ name }) => name === entry.name);
    const expected = options.mountPoints.some((point) => point === path || point.startsWith(`${path}/`));
    if (!old && !expected) return path;
    if (entry.isDirectory()) {
      const inside = await inCopy(copy, path, options);
      if (inside !== null) return inside;
      continue;
    }
    const [a, b] = await Promise.all([lstat(join(copy, path)), lstat(join(options.tree, path))]);
    if (a.size !== b.size || a.mtimeMs !== b.mtimeMs || a.mode !== b.mode) return path;
  }
  return null;
}

const folderAt = (path: string): Promise<BigIntStats | null> =>
  lstat(path, { bigint: true }).then(
    (stat) => (stat.isDirectory() ? stat : null),
    () => null,
  );

/**
 * Whether a folder of the upper is no copy of the lower one, but hides it (`rm -rf DIR && mkdir DIR`). The mark of that, trusted.overlay.opaque, can be read by root alone. A copy
 * has the mode, owner and time of the lower one; the time changes with what is written directly in it, which is seen there.
 */
async function isAnother(folder: string, old: BigIntStats): Promise<boolean> {
  const now = await lstat(folder, { bigint: true });
  if (now.mode !== old.mode || now.uid !== old.uid || now.gid !== old.gid) return true;
  return now.mtimeNs !== old.mtimeNs && (await readdir(folder)).length === 0;
}

/** Whether anything lies in one of these folders; what cannot be looked into counts. */
export async function anyIn(folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) if ((await readdir(folder).catch(() => ['?'])).length > 0) return true;
  return false;
}
