import type { Ended, InterruptionCause } from '../../shared/states.ts';
import { freshProgress, type JobRecord } from '../store/records.ts';

/** Where an attempt was, in its last state. */
export const placeOf = ({ state }: Pick<JobRecord, 'state'>): Pick<Ended, 'host' | 'gpus'> =>
  'host' in state && 'gpus' in state ? { host: state.host, gpus: state.gpus } : { host: null, gpus: [] };

/** What the last state of an attempt says, whichever it is. `now`: ms since 1970. */
export function endedAt(job: JobRecord, now: number): Ended {
  const { end } = job.progress;
  return {
    since: now,
    startedAt: end?.startedAt ?? null,
    finishedAt: end?.finishedAt ?? now,
    exitCode: end?.exitCode ?? null,
    ...placeOf(job),
  };
}

/** The attempt that follows. `pause`: seconds before it may start. */
export const nextAttempt = ({ runId, job, attempt }: JobRecord, now: number, cause: InterruptionCause, pause: number): JobRecord => ({
  runId,
  job,
  attempt: attempt + 1,
  state: { status: 'queued', since: now, notBefore: pause > 0 ? now + pause * 1000 : null, preempted: cause === 'preempted' },
  progress: freshProgress(),
  open: true,
});
