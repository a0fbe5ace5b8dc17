/**
 * How a container's workspace, in which attempts have run, becomes what the project's files are now. Pure.
 *
 * The workspace is an overlay: `lower`, the files that the container began with, below what was written since (`upper`: files, folders, and marks of what was
 * deleted). All paths are bytes (daemon/snapshots/bytes.ts) and relative to the workspace, whose root is ''.
 */
import type { BytePath } from '../../snapshots/bytes.ts';
import type { FileChange } from '../../snapshots/tree-files.ts';

/** `gone`: deleted from the lower folder. `asWanted`: of a file or link, it is what the wanted files have there. */
export type UpperEntry = { name: BytePath } &
  // `closed`: not everybody may write in it, as in those of a snapshot
  ({ kind: 'folder'; closed?: true } | { kind: 'file' | 'link'; asWanted: boolean } | { kind: 'gone' } | { kind: 'other' });

export interface RefreshGiven {
  /** from the lower folder's files to the wanted ones */
  changes: readonly FileChange[];
  /** what lies in a folder of `upper`; nothing, where it has none of the name */
  upper(folder: BytePath): readonly UpperEntry[];
  lower: {
    kind(path: BytePath): 'folder' | 'file' | null;
    /** names in a folder */
    list(folder: BytePath): readonly BytePath[];
  };
  /** paths at which something else is mounted: what is there and below is not looked at */
  mounted: readonly BytePath[];
  /** the folder in which commands begin, which is there whatever it holds */
  workingDir: BytePath;
}

export interface Refresh {
  /** restored from the lower folder where they are not to be seen: whether a folder of `upper` hides what is below it nobody can tell from outside */
  missing: BytePath[];
  /** with all that is in them */
  remove: BytePath[];
  /** brought where nothing is any more: from the lower folder, or new */
  copy: Map<BytePath, 'lower' | 'new'>;
}

const parentOf = (path: BytePath): BytePath => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const join = (folder: BytePath, name: BytePath): BytePath => (folder === '' ? name : `${folder}/${name}`);

/** A path's folders, the innermost first, without the root. */
function* foldersOf(path: BytePath): Generator<BytePath> {
  for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) yield folder;
}

export function planRefresh({ changes, upper, lower, mounted, workingDir }: RefreshGiven): Refresh {
  const points = new Set(mounted);
  const isMounted = (path: BytePath): boolean => points.has(path) || foldersOf(path).some((folder) => points.has(folder));
  /** they stay, since something is mounted in them */
  const standing = new Set([
    ...mounted.flatMap((point) => [...foldersOf(point)]),
    ...[workingDir, ...foldersOf(workingDir)].filter((path) => path !== ''),
  ]);
  const changed = new Map(changes.filter(({ path }) => !isMounted(path)).map((change) => [change.path, change]));
  const newFolders = new Set([...changed.values()].flatMap(({ path, to }) => (to ? [...foldersOf(path)] : [])));

  const isFile = (path: BytePath): boolean => {
    const change = changed.get(path);
    return change ? change.to !== null : lower.kind(path) === 'file';
  };
  const known = new Map<BytePath, boolean>();
  const isFolder = (path: BytePath): boolean => {
    if (newFolders.has(path)) return true;
    let is = known.get(path);
    if (is === undefined) {
      is = lower.kind(path) === 'folder' && lower.list(path).some((name) => isFile(join(path, name)) || isFolder(join(path, name)));
      known.set(path, is);
    }
    return is;
  };

  const missing: BytePath[] = [];
  const remove = new Set<BytePath>();
  const copy: Refresh['copy'] = new Map();
  const bring = (path: BytePath): void => void copy.set(path, changed.get(path)?.to ? 'new' : 'lower');
  const bringAll = (folder: BytePath): void => {
    if (lower.kind(folder) === 'folder')
      for (const name of lower.list(folder)) {
        const path = join(folder, name);
        if (isMounted(path)) continue;
        if (isFile(path)) bring(path);
        else if (isFolder(path)) bringAll(path);
      }
    for (const { path, to } of changed.values()) if (to && path.startsWith(`${folder}/`)) bring(path);
  };

  const seen = new Set<BytePath>();
  const reset = (folder: BytePath): void => {
    const entries = upper(folder);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      seen.add(path);
      if (points.has(path)) continue;
      const file = isFile(path);
      const wantsFolder = !file && isFolder(path);
      if (entry.kind === 'folder' && ((wantsFolder && !entry.closed) || standing.has(path))) {
        reset(path);
        continue;
      }
      if ((entry.kind === 'file' || entry.kind === 'link') && file && entry.asWanted) continue;
      if (entry.kind !== 'gone') remove.add(path);
      if (file) bring(path);
      else if (wantsFolder) bringAll(path);
    }
    if (folder === '' || lower.kind(folder) !== 'folder') return;
    const there = new Set(entries.map(({ name }) => name));
    for (const name of lower.list(folder)) {
      const path = join(folder, name);
      if (!there.has(name) && !isMounted(path) && ((isFile(path) && !changed.has(path)) || isFolder(path)) && lower.kind(path) !== null)
        missing.push(path);
    }
  };
  reset('');

  /** it is hidden, or goes, with a folder around it */
  const covered = (path: BytePath): boolean =>
    foldersOf(path).some((folder) => remove.has(folder) || (seen.has(folder) && !isOpen(folder)));
  const isOpen = (folder: BytePath): boolean =>
    upper(parentOf(folder)).some((entry) => join(parentOf(folder), entry.name) === folder && entry.kind === 'folder');
  for (const { path, to } of changed.values()) {
    if (seen.has(path) || copy.has(path)) continue;
    if (to) {
      if (lower.kind(path) !== null) remove.add(path);
      bring(path);
    } else if (!covered(path)) {
      let top = path;
      for (const folder of foldersOf(path)) {
        if (isFolder(folder) || standing.has(folder)) break;
        top = folder;
      }
      if (!isMounted(top)) remove.add(top);
    }
  }
  // one that goes with a folder around it needs no word of its own
  const alone = [...remove].filter((path) => !foldersOf(path).some((folder) => remove.has(folder)));
  return { missing, remove: alone, copy };
}
