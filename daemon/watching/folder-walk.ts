import { readdir } from 'node:fs/promises';
import { type BytePath, bytePath, toBytes } from '../snapshots/bytes.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';

/**
 * Finds the folders that a snapshot looks into, from those given downwards, and tells of each before it is looked into: what comes into it afterwards is seen by whoever watches it from
 * then on. `enter` false: neither it nor what is below it.
 */
export async function walkFolders(
  snapshots: Pick<Snapshots, 'wanted' | 'ignoredFolders'>,
  projectDir: string,
  from: readonly BytePath[],
  enter: (folder: BytePath) => boolean,
): Promise<void> {
  const wanted = foldersOf(snapshots.wanted(projectDir) ?? new Set());
  const root = bytePath(projectDir);
  for (let level = await lookedInto(from); level.length > 0;) {
    const inner: BytePath[] = [];
    for (const folder of level) {
      if (!enter(folder)) continue;
      const entries = await readdir(toBytes(folder === '' ? root : `${root}/${folder}`), { withFileTypes: true, encoding: 'buffer' }).catch(
        () => [],
      );
      for (const entry of entries) {
        if (!entry.isDirectory()) continue;
        const name = entry.name.toString('latin1');
        if (name.toLowerCase() !== '.git') inner.push(folder === '' ? name : `${folder}/${name}`);
      }
    }
    level = await lookedInto(inner);
  }

  async function lookedInto(folders: readonly BytePath[]): Promise<BytePath[]> {
    const asked = folders.filter((folder) => folder !== '' && !wanted.has(folder));
    const ignored = asked.length === 0 ? new Set<BytePath>() : await snapshots.ignoredFolders(projectDir, asked);
    return folders.filter((folder) => !ignored.has(folder));
  }
}

/** All folders on the way to these files. */
export function foldersOf(paths: ReadonlySet<BytePath>): Set<BytePath> {
  const folders = new Set<BytePath>();
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}
