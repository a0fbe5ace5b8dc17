import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes the folder `path` (absolute) and those above it, as `mkdir -p` does; throws where it cannot. The `recursive` of Node's own tries for ever where a file system says of
 * a new folder that what is above it is not there, as that of /proc does.
 */
export function makeFolder(path: string, mode = 0o777): void {
  if (made(path, mode)) return;
  makeFolder(dirname(path), mode);
  // two may make it at once
  mkdirOnce(path, mode);
}

/** False: what is above it is missing, too. */
function made(path: string, mode: number): boolean {
  try {
    mkdirOnce(path, mode);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path) return false;
    throw error;
  }
}

function mkdirOnce(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // a link to a folder will do; a file, and a link to nothing, will not
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  }
}
