import { constants, existsSync } from 'node:fs';
import { chmod, lchown, open } from 'node:fs/promises';
import { isRoot } from './layout.ts';
import type { AsRoot, Owner } from './layout.ts';
import { walk } from './walk.ts';
import type { Entry } from './walk.ts';

/** Regular files and links, and the sum of their sizes. */
export interface Settled {
  files: number;
  bytes: number;
}

/**
 * Gives everything below `root` to `owner`, who can then read and delete all of it; no other bit of a mode changes. Links are changed
 * themselves, never what they point to. Missing: nothing to do. Throws what `asRoot` threw.
 */
export async function settle(root: string, owner: Owner, asRoot: AsRoot): Promise<Settled> {
  const first = await pass(root, owner);
  if (first.foreign === 0) return first.settled;
  // a container for this costs more than the rest together: only where something is really another's
  await asRoot('chown', root);
  return (await pass(root, owner)).settled;
}

async function pass(root: string, owner: Owner): Promise<{ foreign: number; settled: Settled }> {
  const settled = { files: 0, bytes: 0 };
  let foreign = 0;
  for await (const entry of walk(root, () => foreign++)) {
    if (isRoot()) {
      if (entry.stat.uid !== owner.uid || entry.stat.gid !== owner.gid) await lchown(entry.path, owner.uid, owner.gid).catch(unlessGone);
      await openUp(entry);
    } else if (entry.stat.uid !== owner.uid) {
      foreign++;
    } else {
      await openUp(entry);
    }
    if (!entry.stat.isDirectory()) {
      settled.files++;
      settled.bytes += entry.stat.size;
    }
  }
  return { foreign, settled };
}

/** Opens exactly this file, for nothing but to say which one is meant; of Linux, in no list of Node's. */
const asPlace = 0o10000000;

async function openUp({ path, stat }: Entry): Promise<void> {
  const needed = stat.isDirectory() ? 0o700 : stat.isFile() ? 0o400 : 0;
  if ((stat.mode & needed) === needed) return;
  const mode = (stat.mode & 0o7777) | needed;
  if (!existsSync('/proc/self/fd')) return chmod(path, mode);
  // its name may be a link's by now, to what this process could change and the job's user could not
  const file = await open(path, asPlace | constants.O_NOFOLLOW).catch(() => null);
  if (!file) return;
  try {
    const now = await file.stat();
    if (now.ino === stat.ino && now.dev === stat.dev) await chmod(`/proc/self/fd/${file.fd}`, mode);
  } finally {
    await file.close();
  }
}

/** What is gone by now has nobody to be handed to. */
function unlessGone(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
