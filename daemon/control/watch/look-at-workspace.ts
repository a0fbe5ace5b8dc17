/** What of a container's workspace matters to its refresh (plan-refresh.ts), read from the host. Nothing runs in it meanwhile, but for who was put into the container. */
import { lstatSync, readdirSync, readFileSync, readlinkSync, type BigIntStats } from 'node:fs';
import { type BytePath, fromBytes, toBytes } from '../../snapshots/bytes.ts';
import { objectId } from '../../snapshots/objects.ts';
import type { FileChange, TreeFile } from '../../snapshots/tree-files.ts';
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
  const at = (root: string, path: BytePath): Buffer => Buffer.concat([Buffer.from(path === '' ? root : `${root}/`), toBytes(path)]);
  const to = new Map(changes.map((change) => [change.path, change.to]));
  const lists = new Map<BytePath, UpperEntry[]>();
  let count = 0;

  const idOf = (root: string, path: BytePath, stat: BigIntStats): string => {
    const key = `${root}\0${path}`;
    const stamp = `${stat.ino} ${stat.ctimeNs} ${stat.size}`;
    const known = contents.get(key);
    if (known?.stamp === stamp) return known.id;
    const file = at(root, path);
    const id = objectId('blob', stat.isSymbolicLink() ? readlinkSync(file, { encoding: 'buffer' }) : readFileSync(file));
    contents.set(key, { stamp, id });
    return id;
  };
  const treeFile = (root: string, path: BytePath, stat: BigIntStats): TreeFile => ({
    kind: stat.isSymbolicLink() ? 'link' : (stat.mode & 0o100n) === 0n ? 'file' : 'program',
    id: idOf(root, path, stat),
  });

  const isAsWanted = (path: BytePath, stat: BigIntStats): boolean => {
    if (stat.size > mostCompared || (!stat.isSymbolicLink() && (stat.mode & 0o666n) !== 0o666n)) return false;
    let wanted = to.get(path);
    if (wanted === undefined) {
      const before = lstatSync(at(folders.lower, path), { bigint: true, throwIfNoEntry: false });
      if (!before || before.isDirectory() || before.size !== stat.size) return false;
      wanted = treeFile(folders.lower, path, before);
    }
    if (wanted === null) return false;
    const now = treeFile(folders.upper, path, stat);
    return now.kind === wanted.kind && now.id === wanted.id;
  };

  const entryOf = (folder: BytePath, name: BytePath): UpperEntry => {
    const path = folder === '' ? name : `${folder}/${name}`;
    const stat = lstatSync(at(folders.upper, path), { bigint: true });
    if (stat.isDirectory()) return { name, kind: 'folder' };
    // how an overlay marks what was deleted (overlayfs.rst, "whiteouts")
    if (stat.isCharacterDevice() && stat.rdev === 0n) return { name, kind: 'gone' };
    if (stat.isSymbolicLink()) return { name, kind: 'link', asWanted: isAsWanted(path, stat) };
    return stat.isFile() ? { name, kind: 'file', asWanted: isAsWanted(path, stat) } : { name, kind: 'other' };
  };

  const kind = (path: BytePath): 'folder' | 'file' | null => {
    // a path through a file is none
    try {
      const stat = lstatSync(at(folders.lower, path), { throwIfNoEntry: false });
      return stat ? (stat.isDirectory() ? 'folder' : 'file') : null;
    } catch {
      return null;
    }
  };
  return {
    upper(folder) {
      const known = lists.get(folder);
      if (known) return known;
      const names = readdirSync(at(folders.upper, folder), { encoding: 'buffer' }).map(fromBytes);
      count += names.length;
      if (count > mostEntries) throw new TooMuch();
      const entries = names.map((name) => entryOf(folder, name));
      lists.set(folder, entries);
      return entries;
    },
    lower: { kind, list: (folder) => readdirSync(at(folders.lower, folder), { encoding: 'buffer' }).map(fromBytes) },
  };
}
