import { type BytePath, bytePath } from '../snapshots/bytes.ts';
import type { FolderWatch } from './folder-watch.ts';
import { lookAt } from './look-at.ts';

/** What the changed paths of a project are now. */
export interface Sorted {
  /** files of the last snapshot: changed, or gone */
  files: BytePath[];
  /** files that were not in it, and may be in the next */
  unknown: BytePath[];
  newFolders: BytePath[];
  /** one of them says what counts as a file of the project */
  rules: boolean;
  /** folders have gone with all that was in them */
  all: boolean;
}

/** Looks at each. Folders that are gone are watched no more. */
export function sortOut(
  { dir, wanted, folders }: { dir: string; wanted: ReadonlySet<BytePath> | null; folders: FolderWatch | null },
  paths: Iterable<BytePath>,
): Sorted {
  const sorted: Sorted = { files: [], unknown: [], newFolders: [], rules: false, all: wanted === null };
  const watched = new Set(folders?.all());
  const root = `${bytePath(dir)}/`;
  for (const path of paths) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    // a repository of its own has come or gone
    if (name === '.gitignore' || name === '.git' || path === '.dstackignore') sorted.rules = true;
    const stat = lookAt(root + path);
    if (stat?.isDirectory()) {
      if (!folders?.has(path)) {
        if (watched.has(path)) folders?.remove(path);
        sorted.newFolders.push(path);
      }
      if (wanted?.has(path)) sorted.all = true;
      continue;
    }
    if (watched.has(path)) {
      folders?.remove(path);
      sorted.all = true;
    }
    if (wanted?.has(path)) sorted.files.push(path);
    else if (stat) sorted.unknown.push(path);
  }
  return sorted;
}
