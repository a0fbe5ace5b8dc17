import { open, type FileHandle } from 'node:fs/promises';
import { messageOf } from '../../shared/result.ts';
import type { Attempt } from './attempt.ts';
import type { LogReadEvents } from './logs.ts';

const chunkLength = 64 * 1024;

/** Reads a record at the reader's pace (docblock of Logs.read). What is new is read from the file too, so backfill and live are one thing. */
export function readRecord(attempt: Attempt, offset: number, follow: boolean, events: LogReadEvents, done: () => void): () => void {
  let stopped = false;

  const onward = async (): Promise<void> => {
    let handle: FileHandle | null = null;
    try {
      const buffer = Buffer.allocUnsafe(chunkLength);
      let at = offset;
      let limit = Number.POSITIVE_INFINITY;
      for (;;) {
        // before the read: what comes after it shows as a changed version, and an end seen here is an end of what is read below
        const { version, ended } = attempt;
        if (!handle) {
          handle = await openIfThere(attempt.paths.record);
          if (!follow) limit = handle ? (await handle.stat()).size : 0;
        }
        const length = Math.max(0, Math.min(chunkLength, limit - at));
        const { bytesRead } = handle && length > 0 ? await handle.read(buffer, 0, length, at) : { bytesRead: 0 };
        if (stopped) return;
        if (bytesRead > 0) {
          at += bytesRead;
          await events.onData(Buffer.from(buffer.subarray(0, bytesRead)));
          if (stopped) return;
        } else if (ended || !follow) {
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
