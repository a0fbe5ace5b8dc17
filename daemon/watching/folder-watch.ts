import { type FSWatcher, watch } from 'node:fs';
import { basename } from 'node:path';
import { type BytePath, bytePath, toBytes } from '../snapshots/bytes.ts';
import { lookAt } from './look-at.ts';

/** Why the kernel tells no more; null: it does. */
export type Trouble = 'limit' | 'failed';

/**
 * Watches folders of a project, each by itself (inotify(7) knows no other way): so none costs anything that nobody wants to hear of. Paths are below the project, '' is the project.
 */
export interface FolderWatch {
  /** from then on its entries are told of; false: it is no folder (any more), or the kernel refuses */
  add(folder: BytePath): boolean;
  /** and all below it */
  remove(folder: BytePath): void;
  /** whether this very folder is watched: another one may have taken its name */
  has(folder: BytePath): boolean;
  all(): Iterable<BytePath>;
  /** lets go of all others */
  keepOnly(folders: ReadonlySet<BytePath>): void;
  size(): number;
  close(): void;
}

interface Watched {
  watcher: FSWatcher;
  /** null: not known whether this is still the folder of this name */
  inode: number | null;
}

export function watchFolders(
  projectDir: string,
  hooks: { changed(folder: BytePath, name: BytePath | null): void; trouble(what: Trouble, error: Error): void },
): FolderWatch {
  const watched = new Map<BytePath, Watched>();
  const root = bytePath(projectDir);
  const pathOf = (folder: BytePath): Buffer => toBytes(folder === '' ? root : `${root}/${folder}`);
  const inodeOf = (folder: BytePath): number | null => {
    const stat = lookAt(folder === '' ? root : `${root}/${folder}`);
    return stat?.isDirectory() ? stat.ino : null;
  };
  const drop = (folder: BytePath): void => {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  };
  const failed = (error: unknown): void => {
    const { code } = error as NodeJS.ErrnoException;
    // gone in between: its parent tells
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'EPERM') return;
    hooks.trouble(code === 'ENOSPC' || code === 'EMFILE' ? 'limit' : 'failed', error as Error);
  };
  return {
    add(folder) {
      try {
        const inode = inodeOf(folder);
        if (inode === null) return false;
        if (watched.get(folder)?.inode === inode) return true;
        drop(folder);
        const self = basename(folder === '' ? root : folder);
        const watcher = watch(pathOf(folder), { encoding: 'latin1', persistent: false }, (event, name) => {
          // its own name: it may be the folder itself that went, and another one may get its inode at once (inotify(7): IN_DELETE_SELF, IN_IGNORED)
          const doubtful = event === 'rename' && name === self;
          if (doubtful) known.inode = null;
          hooks.changed(folder, doubtful && folder === '' ? null : name);
        });
        const known: Watched = { watcher, inode };
        watcher.on('error', failed);
        watched.set(folder, known);
        return true;
      } catch (error) {
        failed(error);
        return false;
      }
    },
    remove(folder) {
      drop(folder);
      for (const path of watched.keys()) if (folder === '' || path.startsWith(`${folder}/`)) drop(path);
    },
    has: (folder) => {
      const known = watched.get(folder);
      return known !== undefined && known.inode !== null && known.inode === inodeOf(folder);
    },
    all: () => watched.keys(),
    keepOnly(folders) {
      for (const folder of watched.keys()) if (!folders.has(folder)) drop(folder);
    },
    size: () => watched.size,
    close() {
      for (const { watcher } of watched.values()) watcher.close();
      watched.clear();
    },
  };
}
