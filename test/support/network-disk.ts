/**
 * A mount that the kernel calls `fuse.sshfs`, as a home on another machine is. Served by this process, which knows one empty folder: enough for
 * who asks what kind of file system it is. The run's guard unmounts it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, read, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { must } from './command.ts';
import { scratchDir } from './scratch.ts';

/** Of the kernel's FUSE protocol. */
const operations = { lookup: 1, forget: 2, getattr: 3, init: 26, interrupt: 36, batchForget: 42 };
const [noEntry, notImplemented] = [-2, -38];
/** The least that the kernel wants a request to be read with, and more than it sends. */
const requestBytes = 140_000;

export async function networkDisk(): Promise<{ path: string } & AsyncDisposable> {
  const path = `${scratchDir('n')}/home`;
  mkdirSync(path);
  const device = openSync('/dev/fuse', 'r+');
  const options = 'fd=3,rootmode=40755,user_id=0,group_id=0,allow_other';
  const mount = spawn('mount', ['-i', '-t', 'fuse.sshfs', '-o', options, 'machine:/home', path], {
    stdio: ['ignore', 'ignore', 'inherit', device],
  });
  const [code] = (await once(mount, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`mount -t fuse.sshfs ended with ${code}`);
  const served = serve(device);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await must('umount', [path]);
      await served;
      closeSync(device);
    },
  };
}

/** Answers until it is unmounted. */
async function serve(device: number): Promise<void> {
  const buffer = Buffer.alloc(requestBytes);
  for (;;) {
    try {
      await promisify(read)(device, buffer, 0, buffer.length, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENODEV') return; // unmounted
      throw error;
    }
    const operation = buffer.readUInt32LE(4);
    if ([operations.forget, operations.batchForget, operations.interrupt].includes(operation)) continue;
    const body = operation === operations.init ? initAnswer() : operation === operations.getattr ? folderAnswer() : null;
    const header = Buffer.alloc(16);
    header.writeUInt32LE(16 + (body?.length ?? 0), 0);
    header.writeInt32LE(body ? 0 : operation === operations.lookup ? noEntry : notImplemented, 4);
    buffer.copy(header, 8, 8, 16); // which request it answers
    writeSync(device, body ? Buffer.concat([header, body]) : header);
  }
}

/** fuse_init_out: version 7.31, nothing special. */
function initAnswer(): Buffer {
  const out = Buffer.alloc(64);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(31, 4);
  out.writeUInt32LE(131_072, 20); // the most that is written at once
  return out;
}

/** fuse_attr_out of the one folder: root's, closed to others. */
function folderAnswer(): Buffer {
  const out = Buffer.alloc(104);
  out.writeBigUInt64LE(1n, 16); // its inode
  out.writeUInt32LE(0o040700, 76);
  out.writeUInt32LE(2, 80);
  return out;
}
