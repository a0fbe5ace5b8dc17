import { constants } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack as newPack } from 'tar-stream';
import type { Header, Pack } from 'tar-stream';
import { FailureError } from '../../shared/result.ts';
import { codeOf, isGone, walk } from './walk.ts';
import type { Entry } from './walk.ts';

/** A folder and the path that it has in the tar, without a leading `/`. */
export interface Part {
  root: string;
  path: string;
}

const chunkSize = 1 << 18;

/**
 * A tar of the folders: modes, times and links kept; sockets, pipes and devices left out. A file that grows or shrinks meanwhile has the size it
 * had when its turn came (cut, or filled up with zeros). A file we may not read ends the stream with a FailureError `unreadable`: a download
 * must not look complete when it is not.
 */
export function tarOf(parts: Part[]): Readable {
  const pack = newPack();
  void fill(pack, parts).catch((error: unknown) => pack.destroy(error as Error));
  return Readable.from(pack, { objectMode: false });
}

async function fill(pack: Pack, parts: Part[]): Promise<void> {
  for (const { root, path } of parts) {
    for await (const entry of walk(root, refuse)) {
      if (pack.destroyed) return;
      const below = entry.name.toString();
      await addEntry(pack, entry, below === '' ? path : `${path}/${below}`);
    }
  }
  pack.finalize();
}

async function addEntry(pack: Pack, entry: Entry, name: string): Promise<void> {
  const { stat, path } = entry;
  const header = { name, mode: stat.mode & 0o777, mtime: stat.mtime, uid: stat.uid, gid: stat.gid };
  if (stat.isDirectory()) return addEmpty(pack, { ...header, type: 'directory' });
  if (stat.isSymbolicLink()) {
    const linkname = await readlink(path).catch(() => null);
    return linkname === null ? undefined : addEmpty(pack, { ...header, type: 'symlink', linkname });
  }
  if (!stat.isFile()) return;
  const file = await openFile(entry);
  if (!file) return;
  try {
    const now = await file.stat();
    if (!now.isFile()) return;
    await pipeline(exactly(file, now.size), pack.entry({ ...header, mtime: now.mtime, size: now.size, type: 'file' }));
  } finally {
    await file.close();
  }
}

function addEmpty(pack: Pack, header: Partial<Header> & Pick<Header, 'name'>): Promise<void> {
  return new Promise((done, failed) => pack.entry(header, (error) => (error ? failed(error) : done())));
}

/** Never through a link that took the file's place, and never waiting for the other end of a pipe that did. */
async function openFile(entry: Entry): Promise<FileHandle | null> {
  try {
    return await open(entry.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isGone(error) || codeOf(error) === 'ELOOP' || codeOf(error) === 'ENXIO') return null;
    return refuse(entry);
  }
}

function refuse(entry: Entry): never {
  const message = `Cannot read ${entry.name.toString() || 'a folder'}: it belongs to the container's user until the run has ended.`;
  throw new FailureError({ code: 'unreadable', message, hint: 'Download again when the run has ended.' });
}

/** The first `size` bytes of a file as a tar must have them, whatever happens to the file meanwhile. */
async function* exactly(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  let position = 0;
  while (position < size) {
    const length = Math.min(chunkSize, size - position);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
    yield bytesRead === 0 ? buffer.fill(0) : buffer.subarray(0, bytesRead);
    position += bytesRead === 0 ? length : bytesRead;
  }
}
