import { readdir, readFile, readlink, realpath } from 'node:fs/promises';

/** In /proc/net/unix: a socket that listens. */
const listens = '00010000';

/**
 * The process of the engine on this machine that listens at `endpoint` (`unix:///…`), in whose mount namespace the sources of binds are looked up. Where it is
 * not found: process 1, with which engines share that namespace. /proc/net/unix is described in unix(7) and proc(5).
 */
export async function engineProcess(endpoint: string): Promise<number> {
  const wanted = await real(endpoint.replace(/^unix:\/\//, ''));
  const sockets = new Set<string>();
  for (const line of (await readFile('/proc/net/unix', 'utf8').catch(() => '')).split('\n')) {
    const [, , , flags, , , inode, ...path] = line.split(/ +/);
    if (flags === listens && path.length > 0 && (await real(path.join(' '))) === wanted) sockets.add(`socket:[${inode}]`);
  }
  for (const pid of sockets.size === 0 ? [] : await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || !/^(dockerd|podman)$/.test((await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim())) continue;
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if (sockets.has(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))) return Number(pid);
    }
  }
  return 1;
}

const real = (path: string): Promise<string> => realpath(path).catch(() => path);
