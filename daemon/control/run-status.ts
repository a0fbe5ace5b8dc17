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

/** The state that stands for the run: its jobs' together. */
export function runState(attempts: readonly JobRecord[]): JobState {
  const [first, ...others] = latestAttempts(attempts).map((job) => job.state);
  if (!first) throw new Error('a run without jobs');
  return others.reduce((a, b) => (weight[b.status] > weight[a.status] ? b : a), first);
}

export const isUnfinished = (attempts: readonly JobRecord[]): boolean => !isEnded(runState(attempts).status);
