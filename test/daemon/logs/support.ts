import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { createLogs } from '../../../daemon/logs/file-logs.ts';
import type { AttemptId, Logs, PartId } from '../../../daemon/logs/logs.ts';

export const id: AttemptId = { runId: 7, job: 0, attempt: 1 };

/** Logs in a folder of their own, and a clock that stands still unless it is set. */
export async function testLogs(): Promise<{ dir: string; logs: Logs; clock: { time: number }; again(): Logs } & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), 'dstack-logs-'));
  const clock = { time: 1_000_000 };
  const again = (): Logs => createLogs({ dir, now: () => clock.time });
  return { dir, clock, again, logs: again(), [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

export const streamOf = (...chunks: (string | Buffer)[]): Readable => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

/** What is there now, from `offset`. */
export async function readAll(logs: Logs, offset = 0, of: PartId = id): Promise<string> {
  const chunks: Buffer[] = [];
  await new Promise<void>(
    (resolve) => void logs.read(of, offset, false, { onData: (chunk) => void chunks.push(Buffer.from(chunk)), onEnd: () => resolve() }),
  );
  return Buffer.concat(chunks).toString();
}

/** Follows, and can be waited for. */
export function follow(
  logs: Logs,
  offset = 0,
  of: PartId = id,
): { text(): string; has(part: string): Promise<void>; ended: Promise<string>; stop(): void } {
  const seen = new PassThrough();
  let text = '';
  let ended: (text: string) => void;
  const end = new Promise<string>((resolve) => (ended = resolve));
  const stop = logs.read(of, offset, true, {
    onData(chunk) {
      text += String(chunk);
      seen.emit('more');
    },
    onEnd: () => ended(text),
  });
  return {
    text: () => text,
    async has(part) {
      while (!text.includes(part)) await once(seen, 'more');
    },
    ended: end,
    stop,
  };
}
