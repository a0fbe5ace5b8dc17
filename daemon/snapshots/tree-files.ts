import { type BytePath, splitZ } from './bytes.ts';
import { git } from './git.ts';
import { type Place, type Room, shadowOf } from './room.ts';
import { shadowEnv } from './shadow.ts';

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

/** The files in which two trees differ. Throws a FailureError where one of them is not here. */
export async function changedFiles(room: Room, place: Place, from: string, to: string): Promise<FileChange[]> {
  if (from === to) return [];
  const shadow = shadowOf(room, place);
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

/** The contents of these ids, each as a whole: for the few files of an edit. */
export async function readContents(room: Room, place: Place, ids: readonly string[]): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  if (ids.length === 0) return found;
  const shadow = shadowOf(room, place);
  const { out } = await git(['cat-file', '--batch'], {
    cwd: shadow.dir,
    env: shadowEnv(shadow, shadow.dir),
    input: Buffer.from(`${ids.join('\n')}\n`),
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
