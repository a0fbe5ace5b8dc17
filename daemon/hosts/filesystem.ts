import { readFile, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

export interface FileSystem {
  /** as the kernel calls it: `ext4`, `nfs4`, `fuse.sshfs` */
  type: string;
  mountPoint: string;
  /** another machine may change it too, and locks and mapped memory cannot be relied on */
  network: boolean;
}

/** File systems whose files lie on, or are shared with, another machine (9p and the shared folders of hypervisors behave like one). */
const networkTypes = new Set([
  ...['nfs', 'nfs4', 'cifs', 'smb', 'smb2', 'smb3', 'smbfs', 'ncpfs', 'afs', 'kafs', 'coda', '9p', 'davfs', 'vboxsf', 'prl_fs', 'vmhgfs'],
  ...[
    'ceph',
    'lustre',
    'gpfs',
    'beegfs',
    'fhgfs',
    'glusterfs',
    'orangefs',
    'pvfs2',
    'panfs',
    'wekafs',
    'ocfs2',
    'gfs2',
    'moosefs',
    'quobyte',
  ],
]);

/** FUSE file systems that only show another local one; every other is taken for a network one. */
const localFuse = new Set([
  ...[
    'fuse.fuse-overlayfs',
    'fuse.mergerfs',
    'fuse.bindfs',
    'fuse.gocryptfs',
    'fuse.encfs',
    'fuse.cryfs',
    'fuse.ntfs-3g',
    'fuse.exfat',
    'fuse.unionfs',
  ],
  ...['fuse.zfs', 'fuse.lxcfs', 'fuse.squashfuse', 'fuse.archivemount', 'fuse.rofiles-fuse'],
]);

/** Is this type of file system a network one? */
export const isNetworkType = (type: string): boolean => networkTypes.has(type) || (type.startsWith('fuse.') && !localFuse.has(type));

/** The file system that holds `path`, which must be absolute; `mountinfo` is the text of /proc/self/mountinfo. Of mounts at one place the last is on top. */
export function parseFileSystem(mountinfo: string, path: string): FileSystem | null {
  let found: FileSystem | null = null;
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const mountPoint = before?.split(' ')[4];
    const type = after?.split(' ')[0];
    if (!mountPoint || !type) continue;
    const point = unescape(mountPoint);
    if (!isBelow(path, point) || (found && point.length < found.mountPoint.length)) continue;
    found = { type: unescape(type), mountPoint: point, network: isNetworkType(type) };
  }
  return found;
}

/** The file system that holds `path`, or would hold it if it were made. Where the system does not say: type `unknown`, not a network one. */
export async function fileSystemOf(path: string): Promise<FileSystem> {
  // resolving comes first: it makes an automounter mount
  const real = await nearest(resolve(path));
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return parseFileSystem(mountinfo, real) ?? { type: 'unknown', mountPoint: '/', network: false };
}

async function nearest(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return path === dirname(path) ? path : nearest(dirname(path));
  }
}

const isBelow = (path: string, point: string): boolean => point === '/' || path === point || path.startsWith(`${point}/`);

/** Blank, tab, newline and backslash stand as octal numbers. The text is UTF-8, the numbers are single bytes of ASCII. */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
