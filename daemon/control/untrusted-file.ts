/** Small files in folders that a container may write: whatever lies there was put there by somebody, and this process may be root. */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';

/** What is read of one at most (bytes), where nothing else is said. */
const mostBytes = 4096;
/** Opens exactly this file, for nothing but to say which one is meant (open(2), O_PATH): of Linux, in no list of Node's. */
export const asPlace = process.platform === 'linux' ? 0o10000000 : 0;

/**
 * Opens what has this name if it is what is wanted; null: it is not, or there is nothing. No link is followed, no pipe waited for. It is looked at before it is opened: to
 * open a device file may do something already, and who is root in a container can make any.
 */
export function openUntrusted(path: string | Buffer, flags: number, isWanted: (stat: Stats) => boolean): number | null {
  let place: number | null = null;
  try {
    place = openSync(path, asPlace | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!isWanted(fstatSync(place))) return null;
    // the very same file, whatever has its name by now
    return asPlace === 0
      ? openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK)
      : openSync(`/proc/self/fd/${place}`, flags | constants.O_NONBLOCK);
  } catch {
    return null;
  } finally {
    if (place !== null) closeSync(place);
  }
}

/** The first bytes of an opened regular file, whatever happens to it meanwhile. */
export function readBeginning(fd: number, most: number): Buffer {
  const buffer = Buffer.alloc(most);
  let length = 0;
  for (let read = -1; read !== 0 && length < most; length += read) read = readSync(fd, buffer, length, most - length, length);
  return buffer.subarray(0, length);
}

/** The text of a regular file and when it was written (ms; not in the future, whatever was set); null: there is none. Only its beginning is read. */
export async function readUntrusted(path: string, most = mostBytes): Promise<{ text: string; at: number } | null> {
  const fd = openUntrusted(path, constants.O_RDONLY, (stat) => stat.isFile());
  if (fd === null) return null;
  try {
    const { mtimeMs } = fstatSync(fd);
    return { text: readBeginning(fd, most).toString('utf8'), at: Math.round(Math.min(Math.max(0, mtimeMs), Date.now())) };
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

/** Puts a file in place of whatever has its name: a link there is replaced, not written through. */
export async function writeOver(path: string, text: string, mode: number): Promise<void> {
  const part = `${path}.${randomBytes(8).toString('hex')}`;
  await writeFile(part, text, { mode, flag: 'wx' });
  await rename(part, path);
}
