/**
 * What of a container's workspace matters to its refresh (plan-refresh.ts), read from the host. Nothing should run in it meanwhile, but for who was put into the container; a job that only
 * says that it has ended does all the same. So nothing in `upper` is found by a name that may be a link's by now, and what is read is a file, as long as it was. `lower` is never written, but a link in
 * it may lead anywhere.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, realpathSync, type BigIntStats } from 'node:fs';
import { type BytePath, fromBytes, readable, toBytes } from '../../snapshots/bytes.ts';
import { objectId } from '../../snapshots/objects.ts';
import type { FileChange, TreeFile } from '../../snapshots/tree-files.ts';
import { asPlace, openUntrusted, readBeginning } from '../untrusted-file.ts';
import type { RefreshGiven, UpperEntry } from './plan-refresh.ts';

/** More left behind than this is not sorted out: a fresh container is quicker. */
const mostEntries = 50_000;
/** Bigger files are brought anew without being compared (bytes). */
const mostCompared = 16_000_000;

/** Ids of contents by file, as long as its inode and its ctime, which nobody can set, are the same. */
export type KnownContents = Map<string, { stamp: string; id: string }>;

/** The folder holds too much to be sorted out. */
export class TooMuch extends Error {}

export function lookAtWorkspace(
  folders: { upper: string; lower: string },
  changes: readonly FileChange[],
  contents: KnownContents,
): Pick<RefreshGiven, 'upper' | 'lower'> {
  const to = new Map(changes.map((change) => [change.path, change.to]));
  const lists = new Map<BytePath, UpperEntry[]>();
  const upperRoot = realpathSync.native(folders.upper);
  let count = 0;

  const treeFile = (root: string, path: BytePath, file: Buffer, stat: BigIntStats): TreeFile | null => {
    const key = `${root}\0${path}`;
    const stamp = `${stat.ino} ${stat.ctimeNs} ${stat.size}`;
    const known = contents.get(key);
    let id = known?.stamp === stamp ? known.id : undefined;
    if (id === undefined) {
      const content = stat.isSymbolicLink() ? readlinkSync(file, { encoding: 'buffer' }) : contentOf(file, stat);
      if (content === null) return null;
      id = objectId('blob', content);
      contents.set(key, { stamp, id });
    }
    return { kind: stat.isSymbolicLink() ? 'link' : (stat.mode & 0o100n) === 0n ? 'file' : 'program', id };
  };

  const isAsWanted = (path: BytePath, file: Buffer, stat: BigIntStats): boolean => {
    if (stat.size > mostCompared || (!stat.isSymbolicLink() && !isAsMade(stat))) return false;
    let wanted: TreeFile | null | undefined = to.get(path);
    if (wanted === undefined) {
      const before = lowerStat(path);
      if (!before || !(before.isFile() || before.isSymbolicLink()) || before.size !== stat.size) return false;
      wanted = treeFile(folders.lower, path, at(folders.lower, path), before);
    }
    if (wanted === null) return false;
    const now = treeFile(folders.upper, path, file, stat);
    return now !== null && now.kind === wanted.kind && now.id === wanted.id;
  };

  const entryOf = (place: Buffer, folder: BytePath, name: BytePath): UpperEntry => {
    const path = folder === '' ? name : `${folder}/${name}`;
    const file = Buffer.concat([place, Buffer.from('/'), toBytes(name)]);
    const stat = lstatSync(file, { bigint: true });
    if (stat.isDirectory()) return { name, kind: 'folder', ...((stat.mode & 0o777n) === 0o777n ? {} : { closed: true }) };
    // how an overlay marks what was deleted (overlayfs.rst, "whiteouts")
    if (stat.isCharacterDevice() && stat.rdev === 0n) return { name, kind: 'gone' };
    if (stat.isSymbolicLink()) return { name, kind: 'link', asWanted: isAsWanted(path, file, stat) };
    return stat.isFile() ? { name, kind: 'file', asWanted: isAsWanted(path, file, stat) } : { name, kind: 'other' };
  };

  const lowerFolders = new Map<BytePath, boolean>([['', true]]);
  /** Not through a link. */
  const isLowerFolder = (path: BytePath): boolean => {
    let is = lowerFolders.get(path);
    if (is === undefined) {
      is = lowerStat(path)?.isDirectory() === true;
      lowerFolders.set(path, is);
    }
    return is;
  };
  const lowerStat = (path: BytePath): BigIntStats | undefined =>
    isLowerFolder(path.slice(0, Math.max(0, path.lastIndexOf('/'))))
      ? lstatSync(at(folders.lower, path), { bigint: true, throwIfNoEntry: false })
      : undefined;
  const kind = (path: BytePath): 'folder' | 'file' | null => {
    const stat = lowerStat(path);
    return stat ? (stat.isDirectory() ? 'folder' : 'file') : null;
  };
  return {
    upper(folder) {
      const known = lists.get(folder);
      if (known) return known;
      const entries = inFolder(at(upperRoot, folder), (place) => {
        const names = readdirSync(place, { encoding: 'buffer' }).map(fromBytes);
        count += names.length;
        if (count > mostEntries) throw new TooMuch();
        return names.map((name) => entryOf(place, folder, name));
      });
      lists.set(folder, entries);
      return entries;
    },
    lower: { kind, list: (folder) => readdirSync(at(folders.lower, folder), { encoding: 'buffer' }).map(fromBytes) },
  };
}

const at = (root: string, path: BytePath): Buffer => Buffer.concat([Buffer.from(path === '' ? root : `${root}/`), toBytes(path)]);

/** Whether a file has the rights of one that was brought, and is nothing else's too. */
const isAsMade = ({ mode, nlink }: BigIntStats): boolean => nlink === 1n && [0o666n, 0o777n].includes(mode & 0o777n);

/** Does something in the folder of this very path: through a name that stays its own whatever becomes of that, where the system has such. Throws where a link has taken its place. */
function inFolder<T>(path: Buffer, action: (place: Buffer) => T): T {
  if (asPlace === 0) return action(path);
  const fd = openSync(path, asPlace | constants.O_NOFOLLOW | constants.O_DIRECTORY);
  try {
    const place = Buffer.from(`/proc/self/fd/${fd}`);
    if (!readlinkSync(place, { encoding: 'buffer' }).equals(path)) throw new Error(`${readable(fromBytes(path))} is somewhere else`);
    return action(place);
  } finally {
    closeSync(fd);
  }
}

/** Null: it is no file any more, or another. */
function contentOf(file: Buffer, { ino, size }: BigIntStats): Buffer | null {
  const fd = openUntrusted(file, constants.O_RDONLY, (stat) => stat.isFile() && stat.ino === Number(ino));
  if (fd === null) return null;
  try {
    return fstatSync(fd).size === Number(size) ? readBeginning(fd, Number(size)) : null;
  } finally {
    closeSync(fd);
  }
}
