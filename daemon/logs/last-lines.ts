import { open } from 'node:fs/promises';
import type { Stretch } from './mark-index.ts';

const chunkLength = 64 * 1024;
const newline = 0x0a;

/**
 * Where the last `count` lines of these stretches of a file begin: bytes from the beginning of the first one. A last line that is not ended counts. Reads from the end, and no
 * more than it needs.
 */
export async function lastLines(path: string, stretches: Stretch[], count: number): Promise<number> {
  const size = stretches.reduce((sum, { from, to }) => sum + to - from, 0);
  if (size === 0 || count <= 0) return size;
  const handle = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(chunkLength);
    let left = count;
    // of the bytes before the present stretch's end
    let end = size;
    for (const { from, to } of stretches.toReversed()) {
      for (let upTo = to; upTo > from;) {
        const length = Math.min(chunkLength, upTo - from);
        const { bytesRead } = await handle.read(buffer, 0, length, upTo - length);
        if (bytesRead < length) return 0;
        for (let at = buffer.lastIndexOf(newline, length - 1); at >= 0; at = at === 0 ? -1 : buffer.lastIndexOf(newline, at - 1)) {
          const behind = end - length + at + 1;
          // the newline at the very end ends the last line, and begins none
          if (behind < size && --left === 0) return behind;
        }
        end -= length;
        upTo -= length;
      }
    }
    return 0;
  } finally {
    await handle.close();
  }
}
