import { type Stats, accessSync, constants, lstatSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { type BytePath, toBytes } from './bytes.ts';

/** What stands at a listed path. `gone` covers all that is no file (any more): directories, sockets, paths that lead through a symbolic link. */
export type Found =
  | { kind: 'file'; path: BytePath; mode: '100644' | '100755' | '120000'; size: number; mtimeMs: number; ctimeMs: number }
  | { kind: 'gone'; path: BytePath }
  | { kind: 'left out'; path: BytePath; why: string };

/** Looks at the paths below `root` (a byte path that ends in a slash), never through symbolic links. Lets others work in between. */
export async function inspect(root: BytePath, paths: Iterable<BytePath>): Promise<Found[]> {
  const realDirs = new Map<BytePath, boolean>([['', true]]);
  const found: Found[] = [];
  for (const path of paths) {
    if (found.length % 1000 === 999) await setImmediate();
    found.push(look(root, path, realDirs));
  }
  return found;
}

function look(root: BytePath, path: BytePath, realDirs: Map<BytePath, boolean>): Found {
  try {
    const stat = isRealDir(root, parentOf(path), realDirs) ? lstat(root + path) : undefined;
    if (!stat || !(stat.isFile() || stat.isSymbolicLink())) return { kind: 'gone', path };
    const link = stat.isSymbolicLink();
    if (gitRefuses(path, link)) return { kind: 'left out', path, why: 'Git cannot hold a file of this name' };
    if (!link) checkReadable(root + path, stat);
    const { size, mtimeMs, ctimeMs } = stat;
    return { kind: 'file', path, mode: link ? '120000' : stat.mode & 0o100 ? '100755' : '100644', size, mtimeMs, ctimeMs };
  } catch (error) {
    return { kind: 'left out', path, why: reason(error) };
  }
}

function isRealDir(root: BytePath, dir: BytePath, known: Map<BytePath, boolean>): boolean {
  const before = known.get(dir);
  if (before !== undefined) return before;
  const is = isRealDir(root, parentOf(dir), known) && (lstat(root + dir)?.isDirectory() ?? false);
  known.set(dir, is);
  return is;
}

/** Spares the system call where the mode says it all. */
function checkReadable(path: BytePath, stat: Stats): void {
  if (stat.uid === process.getuid?.() && stat.mode & 0o400) return;
  accessSync(toBytes(path), constants.R_OK);
}

function lstat(path: BytePath): Stats | undefined {
  try {
    return lstatSync(toBytes(path));
  } catch (error) {
    if (hasVanished(error)) return undefined;
    throw error;
  }
}

/** Deleted, or now below something that is no directory. */
export const hasVanished = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

const parentOf = (path: BytePath): BytePath => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** Git takes no `.git` of any case into a tree, and no symbolic link for the names of its own that it reads there. */
const gitRefuses = (path: BytePath, link: boolean): boolean =>
  /(^|\/)\.git(\/|$)/i.test(path) || (link && /(^|\/)\.gitmodules$/i.test(path));

/** Why a file cannot be read, in a word or two. */
export function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EACCES' || code === 'EPERM' ? 'permission denied' : (code ?? String(error));
}
