import { isUtf8 } from 'node:buffer';
import { lstatSync, opendirSync, readFileSync, statSync } from 'node:fs';
import { resolveInside } from '../snapshots/inside.ts';
import { mostText, type Tree } from './requirements.ts';

/** A folder with more than this is not looked through. */
const mostNames = 1000;

/** The files of a tree in the folder `dir`. A tree is its user's, its links too: none is followed out of it. */
export function treeIn(dir: string): Tree {
  const inside = (path: string): string | null => (path.startsWith('..') ? null : resolveInside(dir, path));
  return {
    has: (path) => inside(path) !== null,
    isFolder(path) {
      const file = inside(path);
      return file !== null && lstatSync(file).isDirectory();
    },
    read(path, most = mostText) {
      const file = inside(path);
      return file === null ? null : readText(file, most);
    },
    names(path) {
      const folder = inside(path);
      if (folder === null || !lstatSync(folder).isDirectory()) return null;
      const names: string[] = [];
      const opened = opendirSync(folder);
      try {
        for (let entry = opened.readSync(); entry; entry = opened.readSync()) if (names.push(entry.name) > mostNames) return null;
      } finally {
        opened.closeSync();
      }
      return names.toSorted();
    },
  };
}

/** The text of a file; null: there is no such file, it is no text, or longer than `most` bytes. */
export function readText(file: string, most: number): string | null {
  try {
    const stat = statSync(file);
    if (!stat.isFile() || stat.size > most) return null;
    const bytes = readFileSync(file);
    return isUtf8(bytes) ? bytes.toString('utf8') : null;
  } catch {
    return null;
  }
}
