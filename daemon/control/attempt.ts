import type { JobRecord, RunRecord } from '../store/records.ts';
import type { Container } from '../engine/engine.ts';
import type { Workspace } from '../snapshots/snapshots.ts';
import type { RecordEnd } from '../logs/logs.ts';
import { attemptId, containerName } from './names.ts';
import type { LiveWatch } from './watch/live-watch.ts';

/**
 * What this process holds of an attempt in memory. Nothing here is needed to take the attempt up again after a crash: it is
 * found out anew.
 */
export interface Live {
  /** prepared by this process */
  workspace: Workspace | null;
  /** seen on the host by this process */
  image: { id: string; digest: string | null } | null;
  /** id of the image with its environment, seen by this process, and its key; `enters`: there is something to do in its shell; without one, that of `image` */
  environment: { image: string; key: string | null; enters: boolean } | null;
  /** its GPUs are claimed, before the container is made */
  claimed: boolean;
  /** id of the container for which its GPUs were confirmed */
  confirmed: string | null;
  /** the engine was told to start it by this process, or was given time to finish what an earlier one asked */
  startSettled: boolean;
  /** how often the image could not be pulled for a reason that may pass */
  pullFailures: number;
  /** the taking of the output; `endedAt` null: it goes on; `over` is aborted when it has ended */
  recording: { end: Promise<RecordEnd>; endedAt: number | null; over: AbortSignal; from: 'live' | 'engine' } | null;
  /** what the engine's wait said */
  exitCode: number | null;
  /** what it is doing, for `ps`: `pulling …` */
  doing: string | null;
  /** how long ago something was (ms), by a clock that is never set: the wall's counts only up to when this process first heard of it. 0: `at` is null */
  since(what: string, at: number | null, now: number): number;
  /** how often its container could not be started because of a port that the engine chose; absent: never */
  portChoices?: number;
  /** aborts the step under way (a pull) when somebody wants the run to end */
  interrupt: AbortController | null;
  /** it has ended with success, and its engine does not say so yet (clean-end.ts): its end is recorded without asking it */
  endedCleanly: boolean;
  /** of a watch whose container runs; null: it has not been looked at */
  watch: LiveWatch | null;
  /** what the step that was just done has made of the container, where that is known without asking the engine (look.ts) */
  made: { container: Container | null } | null;
}

export const freshLive = (): Live => ({
  workspace: null,
  image: null,
  environment: null,
  claimed: false,
  confirmed: null,
  startSettled: false,
  pullFailures: 0,
  recording: null,
  exitCode: null,
  doing: null,
  since: steadySince(),
  interrupt: null,
  endedCleanly: false,
  made: null,
  watch: null,
});

function steadySince(): Live['since'] {
  const known = new Map<string, { at: number; steady: number }>();
  return (what, at, now) => {
    if (at === null) return 0;
    let one = known.get(what);
    if (one?.at !== at) {
      one = { at, steady: performance.now() - Math.max(0, now - at) };
      known.set(what, one);
    }
    return performance.now() - one.steady;
  };
}

/** An attempt under way: the records as they are now, and the names that follow from them. */
export interface Attempt {
  run: RunRecord;
  job: JobRecord;
  live: Live;
  id: string;
  container: string;
}

export const attemptOf = (installation: string, run: RunRecord, job: JobRecord, live: Live): Attempt => ({
  run,
  job,
  live,
  id: attemptId(job),
  container: containerName(installation, run.name, job),
});

export const specOf = (attempt: Pick<Attempt, 'run' | 'job'>) => {
  const spec = attempt.run.spec.jobs[attempt.job.job];
  if (!spec) throw new Error(`run ${attempt.run.name} has no job ${attempt.job.job}`);
  return spec;
};
