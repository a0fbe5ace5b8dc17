import { join } from 'node:path';
import { type BytePath, bytePath } from '../snapshots/bytes.ts';
import { findRepository } from '../snapshots/repository.ts';
import { lookAt } from './look-at.ts';

/** A lock of git's that is older is nobody's any more: a killed git left it (ms). */
const staleAfter = 10_000;
/** So long (ms) a file may be away or empty before that is taken for what is wanted; and of so many at most that is asked. */
const savedWithin = 80;
const fewFiles = 20;

/** A file of so many bytes takes its time to be written: until nothing has come for so long (ms). */
const big = 8_000_000;
const stillGrows = 250;

/**
 * Whether there is more to come, by the look of it: git switches a branch; or a file of the last snapshot is away or empty, as in the middle of a save; or all that changes is big files, which are
 * being written. `waited`: since the first change (ms).
 */
export function isGoingOn(dir: string, wanted: ReadonlySet<BytePath> | null, dirty: ReadonlySet<BytePath>, waited: number): boolean {
  const repository = findRepository(dir);
  const lock = repository ? lookAt(bytePath(join(repository.gitDir, 'index.lock'))) : undefined;
  if (lock && Date.now() - lock.mtimeMs < staleAfter) return true;
  if (dirty.size > fewFiles) return false;
  if (dirty.size > 0 && [...dirty].every((path) => grows(dir, path))) return true;
  if (waited > savedWithin) return false;
  return [...dirty].some((path) => {
    if (!wanted?.has(path)) return false;
    const stat = lookAt(`${bytePath(dir)}/${path}`);
    return !stat || (stat.isFile() && stat.size === 0);
  });
}

function grows(dir: string, path: BytePath): boolean {
  const stat = lookAt(`${bytePath(dir)}/${path}`);
  return stat !== undefined && stat.isFile() && stat.size >= big && Math.abs(Date.now() - stat.mtimeMs) < stillGrows;
}
