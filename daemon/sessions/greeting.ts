import type { Readable } from 'node:stream';
import type { Piece } from '../engine/engine.ts';
import { greeting } from '../providers/enter-script.ts';

/** More than this (bytes) before the end of its first line is no session of ours: words of the engine are shorter, and so is the line that is waited for. */
const longest = 4096;

/** What came first: the number of the session's process, and what was printed behind it; or all that was printed, where nothing could be begun. */
export type First = { pid: number; rest: Piece[] } | { pid: null; said: string };

/**
 * Reads up to the end of the line by which a session says its number (daemon/providers/enter-script.ts). What follows is left in `pieces`. Gives up (no number, with what
 * was said until then) where so much comes without that line that it cannot be ours: an image's `/bin/sh` may print whatever it likes.
 */
export async function readGreeting(pieces: AsyncIterator<Piece>): Promise<First> {
  let seen = Buffer.alloc(0);
  for (;;) {
    const next = await pieces.next();
    if (next.done) return { pid: null, said: seen.toString('utf8').trim() };
    seen = Buffer.concat([seen, next.value.data]);
    const end = seen.indexOf('\n');
    const line = seen.toString('utf8', 0, end < 0 ? seen.length : end).trimEnd();
    const number = line.startsWith(greeting) ? line.slice(greeting.length) : '';
    if (end >= 0 && /^\d+$/.test(number)) {
      const rest = seen.subarray(end + 1);
      return { pid: Number(number), rest: rest.length > 0 ? [{ ...next.value, data: rest }] : [] };
    }
    if (seen.length > longest) return { pid: null, said: seen.toString('utf8', 0, longest).trim() };
  }
}

const echoed = Buffer.from('\r\n');

/** The rest of what a session prints. On a terminal its first two bytes are the echo of the line that it waited for. */
export async function* withoutEcho(first: Piece[], pieces: AsyncIterator<Piece>, terminal: boolean): AsyncGenerator<Piece> {
  let left = terminal ? echoed : Buffer.alloc(0);
  const strip = (piece: Piece): Piece => {
    const mine = Math.min(left.length, piece.data.length);
    const isEcho = piece.data.subarray(0, mine).equals(left.subarray(0, mine));
    left = isEcho ? left.subarray(mine) : Buffer.alloc(0);
    return isEcho ? { ...piece, data: piece.data.subarray(mine) } : piece;
  };
  for (const piece of first) yield strip(piece);
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield strip(next.value);
}

/** The pieces of a stream; asking for the next one is all that is done to it. */
export const piecesOf = (output: Readable): AsyncIterator<Piece> => output[Symbol.asyncIterator]() as AsyncIterator<Piece>;
