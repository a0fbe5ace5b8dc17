/**
 * The path under which both sides reach `$DSTACK_HOME/dstackd.sock`. The kernel takes at most 107 bytes of a socket's path; a longer home
 * is reached through a short name: on Linux `/proc/self/fd/N/dstackd.sock`, where N is the open home directory (the socket lies in the home
 * all the same), elsewhere a file in a private directory under the temporary one.
 */
import { constants, existsSync, lstatSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from './make-folder.ts';

/** What `sun_path` holds, less its ending zero. */
const maxBytes = 107;

/**
 * Where to listen or connect for the daemon of `home` (absolute). Makes the home (0700) if need be. A long home costs one open directory
 * for the rest of the process: call it once and keep the answer. `descriptors` is the folder of the process's own open files.
 */
export function socketPath(home: string, descriptors = '/proc/self/fd'): string {
  makeFolder(home, 0o700);
  const path = join(home, 'dstackd.sock');
  if (Buffer.byteLength(path) <= maxBytes) return path;
  if (existsSync(descriptors)) return `${descriptors}/${openSync(home, constants.O_RDONLY | constants.O_DIRECTORY)}/dstackd.sock`;
  return join(privateDir(), `${process.getBuiltinModule('node:crypto').createHash('sha256').update(home).digest('hex').slice(0, 16)}.sock`);
}

/** The socket beside the daemon's, for its user's commands on other machines; null: a home so long has none. */
export const besideSocket = (socket: string): string | null =>
  socket.endsWith('/dstackd.sock') ? socket.replace(/dstackd\.sock$/, elsewhereSocket) : null;

/** Its name in the home. */
export const elsewhereSocket = 'elsewhere.sock';

/** A directory that only this user can write: anybody may have made one of that name under /tmp, so it is looked at before it is trusted. */
export function privateDir(below = process.env['XDG_RUNTIME_DIR'] ?? tmpdir()): string {
  const uid = process.getuid?.() ?? 0;
  const dir = join(below, `dstack-${uid}`);
  makeFolder(dir, 0o700);
  const stat = lstatSync(dir);
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o077) !== 0) {
    throw new Error(`${dir} is not a private directory of this user: remove it, or choose a shorter DSTACK_HOME`);
  }
  return dir;
}
