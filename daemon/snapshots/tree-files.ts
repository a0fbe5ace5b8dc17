import { type BytePath, splitZ } from './bytes.ts';
import { git } from './git.ts';
import { type Entry, readLoose, readTree } from './loose-objects.ts';
import { type Place, type Room, shadowOf } from './room.ts';
import { type Shadow, shadowEnv } from './shadow.ts';

/** A file of a tree as Git keeps it. */
export interface TreeFile {
  kind: 'file' | 'program' | 'link';
  /** of its content; of a link, of the text that it leads to */
  id: string;
}

/** What a path is in two trees; null: no file. */
export interface FileChange {
  path: BytePath;
  from: TreeFile | null;
  to: TreeFile | null;
}

/** The files in which two trees differ, by their paths. Throws a FailureError where one of them is not here. */
export async function changedFiles(room: Room, place: Place, from: string, to: string): Promise<FileChange[]> {
  if (from === to) return [];
  const shadow = shadowOf(room, place);
  const few = compare(shadow.objects, from, to, '');
  // as git orders them
  if (few) return few.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  // `:OLDMODE NEWMODE OLDID NEWID STATUS` NUL path NUL (git-diff-tree(1), raw output)
  const { out } = await git(['diff-tree', '-r', '-z', '--no-renames', '--raw', '--no-abbrev', from, to], {
    cwd: shadow.dir,
    env: shadowEnv(shadow, shadow.dir),
  });
  const records = splitZ(out);
  const changes: FileChange[] = [];
  for (let i = 0; i + 1 < records.length; i += 2) {
    const [oldMode = '', newMode = '', oldId = '', newId = ''] = (records[i] ?? '').slice(1).split(' ');
    changes.push({ path: records[i + 1] ?? '', from: treeFile(oldMode, oldId), to: treeFile(newMode, newId) });
  }
  return changes;
}

/** The same in this process, where all that differs lies in loose objects: a process of git's takes longer than that. Null: it does not. */
function compare(objects: string, from: string | null, to: string | null, prefix: BytePath): FileChange[] | null {
  const [before, after] = [from, to].map((id) => (id === null ? new Map<BytePath, Entry>() : readTree(objects, id)));
  if (!before || !after) return null;
  const changes: FileChange[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(name) ?? none, after.get(name) ?? none];
    if (old.id === now.id && old.mode === now.mode) continue;
    const path = `${prefix}${name}`;
    const [oldFile, newFile] = [treeFile(old.mode, old.id), treeFile(now.mode, now.id)];
    if (oldFile || newFile) changes.push({ path, from: oldFile, to: newFile });
    const [oldTree, newTree] = [old, now].map(({ mode, id }) => (mode === '40000' ? id : null));
    if (oldTree == null && newTree == null) continue;
    const below = compare(objects, oldTree ?? null, newTree ?? null, `${path}/`);
    if (!below) return null;
    changes.push(...below);
  }
  return changes;
}

const none: Entry = { mode: '', id: '' };

function treeFile(mode: string, id: string): TreeFile | null {
  switch (mode) {
    case '100644':
      return { kind: 'file', id };
    case '100755':
      return { kind: 'program', id };
    case '120000':
      return { kind: 'link', id };
    default:
      return null;
  }
}

/** The contents are more than are to be held in memory. */
export class TooBig extends Error {}

/** The contents of these ids, each as a whole: for the few files of an edit. Throws TooBig where they are more than `most` bytes together. */
export async function readContents(room: Room, place: Place, ids: readonly string[], most = Infinity): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const shadow = shadowOf(room, place);
  let left = most;
  for (const id of ids) {
    const content = readLoose(shadow.objects, 'blob', id, left);
    if (!content) continue;
    found.set(id, content);
    left -= content.length;
  }
  const others = ids.filter((id) => !found.has(id));
  if (others.length === 0) return found;
  if (most < Infinity && (await bytesOf(shadow, others)) > left) throw new TooBig();
  const { out } = await git(['cat-file', '--batch'], {
    cwd: shadow.dir,
    env: shadowEnv(shadow, shadow.dir),
    input: Buffer.from(`${others.join('\n')}\n`),
  });
  for (let at = 0; at < out.length;) {
    // `ID blob SIZE` LF content LF (git-cat-file(1), batch output)
    const end = out.indexOf(10, at);
    const [id = '', kind, size] = out.toString('latin1', at, end).split(' ');
    if (kind !== 'blob') throw new Error(`the object ${id} is not in the repository`);
    const from = end + 1;
    found.set(id, out.subarray(from, from + Number(size)));
    at = from + Number(size) + 1;
  }
  return found;
}

/** How big these objects are together (bytes); those that are not here count nothing. */
async function bytesOf(shadow: Shadow, ids: readonly string[]): Promise<number> {
  const { out } = await git(['cat-file', '--batch-check=%(objectsize)'], {
    cwd: shadow.dir,
    env: shadowEnv(shadow, shadow.dir),
    input: Buffer.from(`${ids.join('\n')}\n`),
  });
  // `ID missing`, where it is not
  return out
    .toString('latin1')
    .split('\n')
    .reduce((sum, line) => sum + (/^\d+$/.test(line) ? Number(line) : 0), 0);
}
