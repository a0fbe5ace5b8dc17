import { constants, existsSync, type Stats } from 'node:fs';
import { lstat, open as openFile, readdir, type FileHandle } from 'node:fs/promises';

/**
 * Something below a walked root. `name` is relative to it ('' is the root itself). Bytes, because names of files need not be UTF-8. `path` is where to
 * reach it until the next is taken: by way of its opened folder, so that nothing above it can become a link meanwhile; it itself can.
 */
export interface Entry {
  path: Buffer;
  name: Buffer;
  stat: Stats;
}

interface Frame {
  name: Buffer;
  /** keeps hold of the folder; null: it could not be opened, or this system has no way to it */
  handle: FileHandle | null;
  /** of the folder */
  path: Buffer;
  names: Buffer[];
  next: number;
  ready: Entry[];
}

const batch = 64;
const slash = Buffer.from('/');
/** The longest path of the kernel's: what is deeper is left out (bytes). */
const longest = 4095;

/** Folders by the number of the open file; elsewhere than on Linux there are only names. */
const descriptors = '/proc/self/fd';

/**
 * The root and everything below it: parents first, siblings in the order of their bytes, symbolic links never followed, not even one that a folder was
 * replaced by while we look: a container may be at work there. What vanishes is left out; a directory that may not be read is yielded, reported to
 * `onDenied`, and not entered. A directory is read only after its entry was taken, so the caller may change its mode first.
 */
export async function* walk(root: string, onDenied: (directory: Entry) => void = () => {}): AsyncGenerator<Entry> {
  const top = await look(Buffer.from(root), Buffer.alloc(0));
  if (!top) return;
  yield top;
  const room = longest - Buffer.byteLength(root) - 1;
  const stack: Frame[] = [];
  try {
    if (top.stat.isDirectory()) stack.push(await open(top, onDenied));
    for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
      if (frame.ready.length === 0) await fill(frame, room);
      const entry = frame.ready.shift();
      if (!entry) {
        if (frame.next >= frame.names.length) await stack.pop()?.handle?.close();
        continue;
      }
      yield entry;
      if (entry.stat.isDirectory()) stack.push(await open(entry, onDenied));
    }
  } finally {
    for (const { handle } of stack) await handle?.close();
  }
}

async function open(directory: Entry, onDenied: (directory: Entry) => void): Promise<Frame> {
  const { name } = directory;
  let handle: FileHandle | null = null;
  try {
    let { path } = directory;
    if (existsSync(descriptors)) {
      handle = await openFile(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      path = Buffer.from(`${descriptors}/${handle.fd}`);
    }
    const names = await readdir(path, { encoding: 'buffer' });
    return { name, handle, path, names: names.sort(Buffer.compare), next: 0, ready: [] };
  } catch (error) {
    await handle?.close();
    if (!isGone(error)) onDenied(directory);
    return { name, handle: null, path: directory.path, names: [], next: 0, ready: [] };
  }
}

async function fill(frame: Frame, room: number): Promise<void> {
  const { path, name } = frame;
  const names = frame.names.slice(frame.next, frame.next + batch);
  frame.next += names.length;
  const found = await Promise.all(
    names.map(async (child) => {
      const below = name.length === 0 ? child : Buffer.concat([name, slash, child]);
      return below.length > room ? null : look(Buffer.concat([path, slash, child]), below);
    }),
  );
  frame.ready = found.filter((entry) => entry !== null);
}

async function look(path: Buffer, name: Buffer): Promise<Entry | null> {
  try {
    return { path, name, stat: await lstat(path) };
  } catch (error) {
    // EACCES: the directory may be read but not searched; its own denial is what counts
    if (isGone(error) || codeOf(error) === 'EACCES') return null;
    throw error;
  }
}

/** The errors that mean: not there (any more), a link by now, or too deep to be named. */
export const isGone = (error: unknown): boolean => ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes(codeOf(error));

/** The code of a system error, '' of anything else. */
export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | null)?.code ?? '';
