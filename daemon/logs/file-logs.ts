import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Attempt } from './attempt.ts';
import type { AttemptId, Logs, PartId } from './logs.ts';
import type { Stretch } from './mark-index.ts';
import { lastLines } from './last-lines.ts';
import { partOffset, partSize } from './part.ts';
import { recordPaths, runDir } from './paths.ts';
import { readRecord } from './reader.ts';
import { TimeIndex } from './time-index.ts';

/** Records in files: `dir/<run id>/<job>-<attempt>.log` and lists beside it (paths.ts). `now` in ms. */
export function createLogs(options: { dir: string; now(): number }): Logs {
  const { dir, now } = options;
  /** those that are being written or read */
  const attempts = new Map<string, Attempt>();

  const attemptOf = (id: AttemptId): Attempt => {
    const { record } = recordPaths(dir, id);
    let attempt = attempts.get(record);
    if (!attempt) attempts.set(record, (attempt = new Attempt(recordPaths(dir, id), id.attempt, now)));
    return attempt;
  };
  const forget = (attempt: Attempt): void => {
    const unused = !attempt.recording && attempt.readers === 0;
    if (unused && attempts.get(attempt.paths.record) === attempt) attempts.delete(attempt.paths.record);
  };
  /** with what is known of its parts now */
  const withMarks = async <T>(id: AttemptId, use: (attempt: Attempt) => T): Promise<T> => {
    const attempt = attemptOf(id);
    attempt.readers++;
    try {
      await attempt.marks.update(attempt.ended);
      return use(attempt);
    } finally {
      attempt.readers--;
      forget(attempt);
    }
  };
  const size = async (id: PartId): Promise<number> => {
    const { part } = id;
    if (part !== undefined) return withMarks(id, ({ marks }) => partSize(marks.part(part)));
    return (await stat(recordPaths(dir, id).record).catch(() => null))?.size ?? 0;
  };

  return {
    size,

    parts: (id) => withMarks(id, ({ marks }) => marks.attempts),

    recording(id, secrets) {
      const attempt = attemptOf(id);
      attempt.recording = true;
      attempt.secrets = secrets;
      return attempt;
    },

    async close(id) {
      const attempt = attemptOf(id);
      const end = await attempt.close();
      attempt.recording = false;
      forget(attempt);
      return end;
    },

    async note(id, text) {
      const attempt = attemptOf(id);
      await attempt.note(text);
      forget(attempt);
    },

    async offsetAt(id, time) {
      const at = await new TimeIndex(recordPaths(dir, id).index).offsetAt(time);
      if (at === null) return size(id);
      const { part } = id;
      return part === undefined ? at : withMarks(id, ({ marks }) => partOffset(marks.part(part), at));
    },

    async lastLines(id, count) {
      const { part } = id;
      const whole = async (): Promise<Stretch[]> => [{ from: 0, to: await size(id) }];
      const stretches = part === undefined ? await whole() : await withMarks(id, ({ marks }) => marks.part(part).stretches);
      return lastLines(recordPaths(dir, id).record, stretches, count);
    },

    read(id, offset, follow, events) {
      const attempt = attemptOf(id);
      attempt.readers++;
      return readRecord(attempt, id.part ?? null, offset, follow, events, () => {
        attempt.readers--;
        forget(attempt);
      });
    },

    async remove(runId) {
      await rm(runDir(dir, runId), { recursive: true, force: true });
      for (const [path, attempt] of attempts) {
        if (!path.startsWith(`${runDir(dir, runId)}/`)) continue;
        attempt.ended = true;
        attempt.wake();
        attempts.delete(path);
      }
    },

    async use() {
      const names = await readdir(dir).catch(() => []);
      const runs = names.filter((name) => /^\d+$/.test(name)).map(Number);
      return Promise.all(runs.map(async (runId) => ({ runId, bytes: await bytesIn(runDir(dir, runId)) })));
    },
  };
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name)).catch(() => null))?.size ?? 0));
  return sizes.reduce((sum, one) => sum + one, 0);
}
