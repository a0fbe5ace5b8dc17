import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileSystemOf, isNetworkType, parseFileSystem } from '../../../daemon/hosts/filesystem.ts';

const mountinfo = String.raw`22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
40 27 0:40 / /home rw,relatime shared:20 master:3 - nfs4 server:/export/home rw,vers=4.2
41 40 254:1 / /home/local rw - xfs /dev/vdb rw
42 27 0:42 / /mnt/with\040blank\134and\011tab rw - cifs //server/share\040x rw
43 27 0:43 / /mnt/s3 rw - fuse.s3fs s3fs rw
44 27 0:44 / /auto rw - autofs systemd-1 rw
45 44 0:45 / /auto rw - nfs server:/auto rw
46 27 0:46 /sub /ünï rw - btrfs /dev/vdc rw
broken line`;

test.each([
  ['/', 'ext4', '/', false],
  ['/etc/passwd', 'ext4', '/', false],
  ['/home', 'nfs4', '/home', true],
  ['/home/ada/.dstack', 'nfs4', '/home', true],
  ['/homework', 'ext4', '/', false],
  ['/home/local/ada', 'xfs', '/home/local', false],
  ['/mnt/with blank\\and\ttab/x', 'cifs', '/mnt/with blank\\and\ttab', true],
  ['/mnt/with', 'ext4', '/', false],
  ['/mnt/s3/bucket', 'fuse.s3fs', '/mnt/s3', true],
  ['/auto/x', 'nfs', '/auto', true],
  ['/ünï/x', 'btrfs', '/ünï', false],
])('%s lies on %s', (path, type, mountPoint, network) => {
  expect(parseFileSystem(mountinfo, path)).toEqual({ type, mountPoint, network });
});

test('nothing is known without a table', () => {
  expect(parseFileSystem('', '/home')).toBeNull();
});

test.each([
  'nfs',
  'nfs4',
  'cifs',
  'smb3',
  '9p',
  'ceph',
  'lustre',
  'gpfs',
  'beegfs',
  'glusterfs',
  'afs',
  'fuse.sshfs',
  'fuse.rclone',
  'fuse.gcsfuse',
  'fuse.glusterfs',
])('%s is a network file system', (type) => expect(isNetworkType(type)).toBe(true));

test.each(['ext4', 'xfs', 'btrfs', 'zfs', 'tmpfs', 'overlay', 'bcachefs', 'fuseblk', 'fuse.fuse-overlayfs', 'fuse.mergerfs'])(
  '%s is a local file system',
  (type) => expect(isNetworkType(type)).toBe(false),
);

test('this machine: known, also for a path that is not made yet', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fs-'));
  try {
    const made = await fileSystemOf(dir);
    expect(made.type).not.toBe('unknown');
    expect(await fileSystemOf(join(dir, 'not', 'yet'))).toEqual(made);
    expect(await fileSystemOf('/proc/self')).toEqual({ type: 'proc', mountPoint: '/proc', network: false });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
