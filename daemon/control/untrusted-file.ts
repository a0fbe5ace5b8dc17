/** Small files in folders that a container may write: whatever lies there was put there by somebody, and this process may be root. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, writeFile } from 'node:fs/promises';

/** What is read of one at most (bytes), where nothing else is said. */
const mostBytes = 4096;

/** The text of a regular file and when it was written (ms); null: there is none. No link is followed, no pipe waited for, and only its beginning is read. */
export async function readUntrusted(path: string, most = mostBytes): Promise<{ text: string; at: number } | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (!file) return null;
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return null;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, 0);
    return { text: buffer.toString('utf8', 0, bytesRead), at: Math.round(stat.mtimeMs) };
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

/** Puts a file in place of whatever has its name: a link there is replaced, not written through. */
export async function writeOver(path: string, text: string, mode: number): Promise<void> {
  const part = `${path}.${randomBytes(8).toString('hex')}`;
  await writeFile(part, text, { mode, flag: 'wx' });
  await rename(part, path);
}
