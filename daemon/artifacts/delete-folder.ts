import { removeAll } from '../remove-all.ts';
import { openToOwner } from './copy-folder.ts';
import { isRoot, type AsRoot } from './layout.ts';

/** Deletes `path` and all below it, whoever it belongs to. Missing: nothing happens. Throws what the last resort, `asRoot`, threw. */
export async function deleteFolder(path: string, asRoot: AsRoot): Promise<void> {
  if (await tryDelete(path)) return;
  // our own folders without the right to write into them
  if (!isRoot()) await openToOwner(path).catch(() => {});
  if (await tryDelete(path)) return;
  await asRoot('delete', path);
  await removeAll(path);
}

async function tryDelete(path: string): Promise<boolean> {
  try {
    await removeAll(path);
    return true;
  } catch {
    return false;
  }
}
