import type { FailureReason, InterruptionCause } from '../../shared/states.ts';
import { formatDuration, formatSize } from '../../shared/units.ts';
import type { End, Intent, JobRecord, Progress, RunRecord } from '../store/records.ts';

/** How an attempt is judged. */
export type Outcome =
  | { status: 'done' | 'stopped' | 'aborted' }
  | { status: 'failed'; code: FailureReason; reason: string }
  /** it made room for another run */
  | { status: 'preempted'; reason: string };

/**
 * Why a container ended is decided by what we intended and did, not by its exit code alone: a restarted engine leaves 0, 137 or 143.
 * Pure. `intent` without a signal sent means that the job was quicker: then it ended by itself.
 */
export function outcomeOf(end: End, intent: Intent | null, progress: Progress, memory: string | null): Outcome {
  if (end.problem) return { status: 'failed', code: end.problem.code, reason: end.problem.message };
  const signalled = (progress.terminatedAt !== null || progress.killedAt !== null) && !wasQuicker(end, progress);
  if (intent && (signalled || end.startedAt === null)) {
    return intended(intent, end.startedAt !== null, progress);
  }
  if (progress.preempted && (signalled || end.startedAt === null)) return madeRoom(progress.preempted.for);
  const { exitCode } = end;
  if (exitCode === 0 && (end.byItself || !end.epochChanged)) return { status: 'done' };
  if (end.epochChanged && !(end.byItself && exitCode !== 143)) {
    return { status: 'failed', code: 'host_restarted', reason: 'the host or its container engine was restarted while it ran' };
  }
  if (end.outOfMemory) {
    const limit = memory === null ? 'the memory of the host' : `its memory limit of ${memory}`;
    return { status: 'failed', code: 'out_of_memory', reason: `ran out of memory: it needed more than ${limit}` };
  }
  if (exitCode === 137) return { status: 'failed', code: 'killed', reason: 'was killed with SIGKILL, not by dstack (exit code 137)' };
  return { status: 'failed', code: 'exit_code', reason: `exit code ${exitCode ?? 'unknown'}` };
}

/** What the end of an attempt is that somebody wanted, or the daemon. */
export function intended({ reason, detail, how }: Intent, ran: boolean, { builtFor = 0 }: Progress): Outcome {
  if (reason === 'max_duration') {
    const built = builtFor > 0 ? `, with the ${formatDuration(Math.max(1, Math.round(builtFor / 1000)))} of building its environment` : '';
    const text =
      ran || built === '' ? `ran longer than its max_duration${built}` : 'its environment took longer to build than its max_duration';
    return { status: 'failed', code: 'max_duration', reason: text };
  }
  if (reason === 'idle_timeout') return { status: 'failed', code: 'idle', reason: detail ?? 'was idle (idle_timeout)' };
  return { status: how === 'abort' ? 'aborted' : 'stopped' };
}

/** A file's time is up to a tick of the kernel's too early (ms). */
const tick = 20;
/** The engine says so soon that a container has ended: an end that seems to be longer before the signal was dated by a clock that was set since (ms). */
const atMostBefore = 5_000;

/** Whether the job had come to its end, with exit code 0, when it was about to be signalled. */
function wasQuicker({ byItself, exitCode, exitAt = null }: End, { terminatedAt, killedAt }: Progress): boolean {
  const before = Math.min(terminatedAt ?? Infinity, killedAt ?? Infinity) - (exitAt ?? Infinity);
  return byItself && exitCode === 0 && before > tick && before < atMostBefore;
}

const madeRoom = (run: string): Outcome & { status: 'preempted' } => ({ status: 'preempted', reason: `made room for ${run}` });

export interface Verdict {
  outcome: Outcome;
  /** why another attempt follows; null: none does */
  again: InterruptionCause | null;
  /** seconds before that one may start */
  pause: number;
}

/**
 * The verdict on an attempt that ended, and whether another one follows it. `before`: the run's earlier attempts at the job; only those that failed
 * count against `retry`. The pause before the n-th retry is retryDelay × 2^(n−1), ten minutes at most (capped exponential backoff).
 * `elsewhere`: a run that was given the wrong GPUs could have others.
 */
export function verdict(run: RunRecord, job: JobRecord, before: readonly JobRecord[], retryDelay: number, elsewhere = false): Verdict {
  const { end, preempted } = job.progress;
  if (!end && !run.intent && preempted) return { outcome: madeRoom(preempted.for), again: 'preempted', pause: 0 };
  if (!end) return { outcome: run.intent ? intended(run.intent, false, job.progress) : { status: 'stopped' }, again: null, pause: 0 };
  const memory = run.spec.jobs[job.job]?.memory ?? null;
  const outcome = outcomeOf(end, run.intent, job.progress, memory === null ? null : formatSize(memory));
  if (outcome.status === 'preempted') return { outcome, again: 'preempted', pause: 0 };
  if (outcome.status !== 'failed' || run.intent) return { outcome, again: null, pause: 0 };
  return { outcome, ...afterFailure(run, outcome.code, before, retryDelay, elsewhere) };
}

/** What follows a failure of that kind. */
export function afterFailure(
  run: Pick<RunRecord, 'spec'>,
  code: FailureReason,
  before: readonly JobRecord[],
  retryDelay: number,
  elsewhere: boolean,
): Pick<Verdict, 'again' | 'pause'> {
  const failures = 1 + before.filter(({ state }) => state.status === 'interrupted' && (state.cause ?? 'failed') === 'failed').length;
  const again = triesAgain(code, failures, run.spec.retry, run.spec.interruptible, elsewhere);
  return { again, pause: again === 'failed' ? Math.min(retryDelay * 2 ** (failures - 1), longestPause) : 0 };
}

/** Seconds. */
const longestPause = 600;

/** Whether another attempt follows a failed one, the `failures`-th of its kind; null: none. `elsewhere`: it could have other GPUs. */
export function triesAgain(
  code: FailureReason,
  failures: number,
  retry: number,
  interruptible: boolean,
  elsewhere = false,
): InterruptionCause | null {
  switch (code) {
    case 'host_restarted':
      return interruptible ? 'host' : failures <= retry ? 'failed' : null;
    case 'gpus':
      return elsewhere ? 'host' : null;
    case 'gpus_taken':
      return 'host';
    case 'exit_code':
    case 'out_of_memory':
    case 'killed':
    case 'container_removed':
      return failures <= retry ? 'failed' : null;
    case 'image':
    case 'environment':
    case 'start':
    case 'workspace':
    case 'max_duration':
    case 'idle':
    case 'disk_full':
    case 'node':
      return null;
  }
}
