import { open, readdir, readFile, readlink, stat, type FileHandle } from 'node:fs/promises';

/** In /proc/net/unix: a socket that listens. */
const listens = '00010000';

/** An open folder /proc/PID: it stays that very process's, whoever gets its number later. */
export interface OpenProcess extends AsyncDisposable {
  pid: string;
  /** of the folder, in this process */
  fd: number;
}

/**
 * The process of the engine on this machine that listens at `endpoint` (`unix:///…`), in whose mount namespace the sources of binds are looked up. Where it is
 * not found: process 1, with which engines share that namespace; else this one. /proc/net/unix is described in unix(7) and proc(5).
 *
 * Root is going to run programs as they are found there. A process's name, and the path of its socket, are whatever any user wants them to be; a container's
 * root can be given such a socket. So only who is root with all that we can do ourselves (docblock of asPowerful) is believed.
 */
export async function engineProcess(endpoint: string): Promise<OpenProcess> {
  const socket = endpoint.startsWith('unix://') ? await fileAt(endpoint.slice('unix://'.length)) : null;
  for (const pid of socket === null ? [] : await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || !/^(dockerd|podman)$/.test((await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim())) continue;
    const found = await openTrusted(pid, (folder) => listensAt(folder, socket));
    if (found) return found;
  }
  return (await openTrusted('1')) ?? opened(String(process.pid), await open('/proc/self'));
}

const opened = (pid: string, folder: FileHandle): OpenProcess => ({
  pid,
  fd: folder.fd,
  [Symbol.asyncDispose]: () => folder.close(),
});

async function openTrusted(
  pid: string,
  also: (folder: string) => Promise<boolean> = () => Promise.resolve(true),
): Promise<OpenProcess | null> {
  const folder = await open(`/proc/${pid}`).catch(() => null);
  if (!folder) return null;
  const at = `/proc/self/fd/${folder.fd}`;
  if ((await asPowerful(at)) && (await also(at))) return opened(pid, folder);
  await folder.close();
  return null;
}

/**
 * Whether a process is root in our own user namespace, with every capability that we have: whoever could be that gains nothing from us. Not the owner of the folder is
 * asked, which is root for any process that cannot be dumped (proc(5)), nor only the user, who is root in most containers too.
 */
async function asPowerful(folder: string): Promise<boolean> {
  try {
    const [status, ours] = await Promise.all([readFile(`${folder}/status`, 'utf8'), readFile('/proc/self/status', 'utf8')]);
    const capabilities = (text: string): bigint => BigInt(`0x${/^CapEff:\t([0-9a-f]+)$/m.exec(text)?.[1] ?? ''}`);
    const wanted = capabilities(ours);
    const isRoot = /^Uid:\t0\t0\t0\t0$/m.test(status) && (capabilities(status) & wanted) === wanted;
    return isRoot && (await readlink(`${folder}/ns/user`)) === (await readlink('/proc/self/ns/user'));
  } catch {
    // it is gone, or more powerful than we are
    return false;
  }
}

/** Whether a process listens at a socket whose path leads it to this very file. */
async function listensAt(folder: string, socket: string | null): Promise<boolean> {
  const own = new Set<string>();
  for (const fd of await readdir(`${folder}/fd`).catch(() => [])) own.add(await readlink(`${folder}/fd/${fd}`).catch(() => ''));
  for (const line of (await readFile(`${folder}/net/unix`, 'utf8').catch(() => '')).split('\n')) {
    const [, , , flags, , , inode, ...path] = line.split(/ +/);
    if (flags !== listens || path.length === 0 || !own.has(`socket:[${inode}]`)) continue;
    if ((await fileAt(`${folder}/root/${path.join(' ')}`)) === socket) return true;
  }
  return false;
}

/** Device and inode of a file. */
const fileAt = (path: string): Promise<string | null> =>
  stat(path, { bigint: true }).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => null,
  );
