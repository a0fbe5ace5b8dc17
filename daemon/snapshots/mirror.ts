import type { BytePath } from './bytes.ts';

/** A file of a snapshot. `size` is that on disk in bytes, -1 when not known yet. */
export interface Entry {
  mode: '100644' | '100755' | '120000';
  blob: string;
  size: number;
}

interface Dir {
  dirs: Map<string, Dir>;
  files: Map<string, Entry>;
  /** id of the tree object; null: changed since it was written */
  tree: string | null;
}

/** The last snapshot in memory, so that the next one costs as much as was changed. */
export interface Mirror {
  files: Map<BytePath, Entry>;
  root: Dir;
}

const emptyDir = (): Dir => ({ dirs: new Map(), files: new Map(), tree: null });

export const emptyMirror = (): Mirror => ({ files: new Map(), root: emptyDir() });

/** Puts a file in, in place of what has its path. No file may stand where the path needs a directory: remove those first. */
export function setFile(mirror: Mirror, path: BytePath, entry: Entry): void {
  mirror.files.set(path, entry);
  let dir = mirror.root;
  dir.tree = null;
  const names = path.split('/');
  const name = names.pop() ?? '';
  for (const step of names) {
    let next = dir.dirs.get(step);
    if (!next) dir.dirs.set(step, (next = emptyDir()));
    dir = next;
    dir.tree = null;
  }
  dir.files.set(name, entry);
}

/** Takes a file out, and the directories that it leaves empty. */
export function removeFile(mirror: Mirror, path: BytePath): void {
  if (mirror.files.delete(path)) removeBelow(mirror.root, path.split('/'), 0);
}

function removeBelow(dir: Dir, names: string[], at: number): void {
  const name = names[at] ?? '';
  dir.tree = null;
  if (at === names.length - 1) return void dir.files.delete(name);
  const next = dir.dirs.get(name);
  if (!next) return;
  removeBelow(next, names, at + 1);
  if (next.files.size === 0 && next.dirs.size === 0) dir.dirs.delete(name);
}

/** The tree id of the whole; `write` gets the content of each tree object that changed, inner ones first, and returns its id. */
export function treeOf(mirror: Mirror, write: (content: Buffer) => string): string {
  return treeOfDir(mirror.root, write);
}

function treeOfDir(dir: Dir, write: (content: Buffer) => string): string {
  if (dir.tree !== null) return dir.tree;
  // Git sorts a directory as if its name ended in a slash
  const rows: { key: string; head: string; id: string }[] = [];
  for (const [name, entry] of dir.files) rows.push({ key: name, head: `${entry.mode} ${name}\0`, id: entry.blob });
  for (const [name, inner] of dir.dirs) rows.push({ key: `${name}/`, head: `40000 ${name}\0`, id: treeOfDir(inner, write) });
  rows.sort((a, b) => (a.key < b.key ? -1 : 1));
  const parts = rows.flatMap((row) => [Buffer.from(row.head, 'latin1'), Buffer.from(row.id, 'hex')]);
  dir.tree = write(Buffer.concat(parts));
  return dir.tree;
}
