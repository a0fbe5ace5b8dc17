import type { FailureReason } from '../../shared/states.ts';
import { formatSize } from '../../shared/units.ts';
import type { End, Intent, JobRecord, Progress, RunRecord } from '../store/records.ts';

/** How an attempt is judged. */
export type Outcome = { status: 'done' | 'stopped' | 'aborted' } | { status: 'failed'; code: FailureReason; reason: string };

/**
 * Why a container ended is decided by what we intended and did, not by its exit code alone: a restarted engine leaves 0, 137 or 143.
 * Pure. `intent` without a signal sent means that the job was quicker: then it ended by itself.
 */
export function outcomeOf(end: End, intent: Intent | null, progress: Progress, memory: string | null): Outcome {
  if (end.problem) return { status: 'failed', code: end.problem.code, reason: end.problem.message };
  const signalled = progress.terminatedAt !== null || progress.killedAt !== null;
  if (intent && (signalled || end.startedAt === null)) {
    if (intent.reason === 'max_duration') return { status: 'failed', code: 'max_duration', reason: 'ran longer than its max_duration' };
    return { status: intent.how === 'abort' ? 'aborted' : 'stopped' };
  }
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

/** The verdict on an attempt that ended, and whether another one follows it. */
export function verdict(run: RunRecord, job: JobRecord): { outcome: Outcome; again: boolean } {
  const { end } = job.progress;
  if (!end) return { outcome: { status: run.intent?.how === 'abort' ? 'aborted' : 'stopped' }, again: false };
  const memory = run.spec.jobs[job.job]?.memory ?? null;
  const outcome = outcomeOf(end, run.intent, job.progress, memory === null ? null : formatSize(memory));
  const again = outcome.status === 'failed' && !run.intent && triesAgain(outcome.code, job.attempt, run.spec.retry, run.spec.interruptible);
  return { outcome, again };
}

/** Whether another attempt follows a failed one. */
export function triesAgain(code: FailureReason, attempt: number, retry: number, interruptible: boolean): boolean {
  switch (code) {
    case 'host_restarted':
      return interruptible || attempt <= retry;
    case 'exit_code':
    case 'out_of_memory':
    case 'killed':
    case 'container_removed':
      return attempt <= retry;
    case 'image':
    case 'start':
    case 'workspace':
    case 'max_duration':
    case 'disk_full':
      return false;
  }
}
