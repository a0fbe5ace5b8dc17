import { isEnded, type JobState, type Status } from '../../shared/states.ts';
import type { JobRecord } from '../store/records.ts';

/** The newest attempt of each job, of all its attempts in any order. */
export function latestAttempts(attempts: readonly JobRecord[]): JobRecord[] {
  const latest = new Map<number, JobRecord>();
  for (const attempt of attempts) {
    const known = latest.get(attempt.job);
    if (!known || known.attempt < attempt.attempt) latest.set(attempt.job, attempt);
  }
  return [...latest.values()].toSorted((a, b) => a.job - b.job);
}

/** The order in which the states of several jobs win: one unfinished makes the run so; one failure makes it failed. */
const weight: Record<Status, number> = {
  stopping: 9,
  running: 8,
  preparing: 7,
  interrupted: 6,
  queued: 5,
  failed: 4,
  aborted: 3,
  stopped: 2,
  done: 1,
};

/** One that was ended for another node's failure, or died of its end, says nothing of why the run ended. */
const weightOf = ({ state }: JobRecord): number =>
  state.status === 'failed' && state.reasonCode === 'node' ? weight.done + 0.5 : weight[state.status];

/** The job that stands for the run: what became of it became of the run. */
export function decisiveJob(attempts: readonly JobRecord[]): JobRecord {
  const [first, ...others] = latestAttempts(attempts);
  if (!first) throw new Error('a run without jobs');
  return others.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a), first);
}

/** The state that stands for the run: its jobs' together. */
export const runState = (attempts: readonly JobRecord[]): JobState => decisiveJob(attempts).state;

export const isUnfinished = (attempts: readonly JobRecord[]): boolean => !isEnded(runState(attempts).status);
