/** What the rest of the daemon asks of watches, and what it tells of them. */
import type { WatchView } from '../../../shared/api.ts';
import type { JobRecord } from '../../store/records.ts';
import { latestAttempts } from '../run-status.ts';
import type { ControlParts } from '../parts.ts';
import type { Store } from '../../store/store.ts';
import { putRerun, type RerunRequest } from './request-rerun.ts';
import { takeInto } from './take.ts';

/** What was told of a watch in this process; another one is told anew. */
export interface WatchNews {
  notice: string | null;
  /** null: nobody said */
  sees: WatchView['sees'] | null;
  /** how long an attempt has to end (s) */
  grace?: number;
}

export function createWatches(
  parts: Pick<ControlParts, 'store' | 'now'>,
  hooks: { wake(job: JobRecord): void; changed(runId: number): void; reschedule(): void },
) {
  const told = new Map<number, WatchNews>();
  const newsOf = (runId: number): WatchNews => told.get(runId) ?? { notice: null, sees: null };

  const tell = (runId: number, news: Partial<WatchNews>): void => {
    const before = newsOf(runId);
    const now = { ...before, ...news };
    if (now.notice === before.notice && now.sees === before.sees) return;
    if (now.notice === null && now.sees === null) told.delete(runId);
    else told.set(runId, now);
    hooks.changed(runId);
  };

  const wake = (runId: number): void => {
    for (const job of latestAttempts(parts.store.jobs.ofRun(runId))) if (job.open && job.state.status !== 'queued') hooks.wake(job);
  };

  return {
    requestRerun(runId: number, request: RerunRequest): number | null {
      const { number, taken } = parts.store.transaction(() => {
        const put = putRerun(parts.store, runId, request, parts.now());
        return { number: put, taken: put !== null && takeWaiting(parts.store, runId, put) };
      });
      if (number === null) return null;
      wake(runId);
      if (taken) hooks.reschedule();
      hooks.changed(runId);
      return number;
    },
    stopAttempt(runId: number): number | null {
      const runs = parts.store.reruns.given(runId);
      if (!runs || runs.endedAt !== null) return null;
      if (runs.stopAskedAt === null) parts.store.reruns.note(runId, runs.number, { stopAskedAt: parts.now() });
      wake(runId);
      return runs.number;
    },
    watchNotice: (runId: number, notice: string | null): void => tell(runId, { notice }),
    watchSees: (runId: number, sees: WatchView['sees']): void => tell(runId, { sees }),
    watchNews: newsOf,
  };
}

/** One that waits for a place waits for that of the newest definition. */
function takeWaiting(store: Store, runId: number, number: number): boolean {
  const [job] = latestAttempts(store.jobs.ofRun(runId));
  return job?.state.status === 'queued' && job.attempt === number && takeInto(store, runId, number) !== null;
}
