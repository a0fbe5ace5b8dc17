import { open, type FileHandle } from 'node:fs/promises';
import { messageOf } from '../../shared/result.ts';
import type { Attempt } from './attempt.ts';
import type { LogReadEvents } from './logs.ts';
import { stretchAt } from './part.ts';

const chunkLength = 64 * 1024;

/** Where the next bytes are, up to where they may be read, and whether the record will get more of them. */
interface Next {
  at: number;
  to: number;
  over: boolean;
}

/**
 * Reads a record, or one `part` of it, at the reader's pace (docblock of Logs.read). What is new is read from the file too, so backfill and live are one
 * thing.
 */
export function readRecord(
  attempt: Attempt,
  part: number | null,
  offset: number,
  follow: boolean,
  events: LogReadEvents,
  done: () => void,
): () => void {
  let stopped = false;

  const next = async (at: number, ended: boolean): Promise<Next> => {
    if (part === null) return { at, to: Number.POSITIVE_INFINITY, over: ended };
    const known = stretchAt(attempt.marks.part(part), at);
    if (known) return { at: known.from, to: known.to, over: false };
    await attempt.marks.update(ended);
    const found = attempt.marks.part(part);
    const stretch = stretchAt(found, at);
    return { at: stretch?.from ?? 0, to: stretch?.to ?? 0, over: ended || found.over };
  };

  const onward = async (): Promise<void> => {
    let handle: FileHandle | null = null;
    try {
      // one for all that it reads: what is only let go of piles up until somebody collects it
      const buffer = Buffer.allocUnsafeSlow(chunkLength);
      let at = offset;
      // where a reader that does not follow ends
      let limit = Number.POSITIVE_INFINITY;
      for (;;) {
        // before the read: what comes after it shows as a changed version, and an end seen here is an end of what is read below
        const { version, ended } = attempt;
        const { at: from, to, over } = await next(at, ended);
        if (!handle) {
          handle = await openIfThere(attempt.paths.record);
          if (!follow) limit = handle ? (await handle.stat()).size : 0;
        }
        const length = Math.max(0, Math.min(chunkLength, to - from, limit - from));
        const { bytesRead } = handle && length > 0 ? await handle.read(buffer, 0, length, from) : { bytesRead: 0 };
        if (stopped) return;
        if (bytesRead > 0) {
          at += bytesRead;
          await events.onData(buffer.subarray(0, bytesRead));
          if (stopped) return;
        } else if (over || !follow) {
          return events.onEnd();
        } else {
          await attempt.changed(version);
          if (stopped) return;
        }
      }
    } finally {
      await handle?.close();
    }
  };

  void onward()
    .catch((error: unknown) => void (stopped || events.onEnd(messageOf(error))))
    .finally(done);

  return () => {
    stopped = true;
    attempt.wake();
  };
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null;
    throw error;
  }
}
