import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';

/** Something below a walked root. `name` is relative to it ('' is the root itself). Bytes, because names of files need not be UTF-8. */
export interface Entry {
  path: Buffer;
  name: Buffer;
  stat: Stats;
}

interface Frame {
  directory: Entry;
  names: Buffer[];
  next: number;
  ready: Entry[];
}

const batch = 64;
const slash = Buffer.from('/');

/**
 * The root and everything below it: parents first, siblings in the order of their bytes, symbolic links never followed. What vanishes while
 * we look is left out; a directory that may not be read is yielded, reported to `onDenied`, and not entered. A directory is read only after
 * its entry was taken, so the caller may change its mode first.
 */
export async function* walk(root: string, onDenied: (directory: Entry) => void = () => {}): AsyncGenerator<Entry> {
  const top = await look(Buffer.from(root), Buffer.alloc(0));
  if (!top) return;
  yield top;
  const stack: Frame[] = [];
  if (top.stat.isDirectory()) stack.push(await open(top, onDenied));
  for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
    if (frame.ready.length === 0) await fill(frame);
    const entry = frame.ready.shift();
    if (!entry) {
      if (frame.next >= frame.names.length) stack.pop();
      continue;
    }
    yield entry;
    if (entry.stat.isDirectory()) stack.push(await open(entry, onDenied));
  }
}

async function open(directory: Entry, onDenied: (directory: Entry) => void): Promise<Frame> {
  try {
    const names = await readdir(directory.path, { encoding: 'buffer' });
    return { directory, names: names.sort(Buffer.compare), next: 0, ready: [] };
  } catch (error) {
    if (!isGone(error)) onDenied(directory);
    return { directory, names: [], next: 0, ready: [] };
  }
}

async function fill(frame: Frame): Promise<void> {
  const { path, name } = frame.directory;
  const names = frame.names.slice(frame.next, frame.next + batch);
  frame.next += names.length;
  const found = await Promise.all(
    names.map((child) => look(Buffer.concat([path, slash, child]), name.length === 0 ? child : Buffer.concat([name, slash, child]))),
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

/** The errors that mean: not there (any more), or too deep to be named. */
export const isGone = (error: unknown): boolean => ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(codeOf(error));

/** The code of a system error, '' of anything else. */
export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | null)?.code ?? '';
