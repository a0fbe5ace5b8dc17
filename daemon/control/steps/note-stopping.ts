import { endOf } from '../plan.ts';
import type { Executor } from './executor.ts';

/** Somebody wants it to end, and the world may see that. */
export const noteStopping: Executor = async ({ parts, attempt, changed }) => {
  const { job, run } = attempt;
  const how = endOf(job, run);
  if (job.state.status !== 'running' || !how) return;
  const { startedAt, host, gpus } = job.state;
  job.state = { status: 'stopping', since: parts.now(), startedAt, host, gpus, how };
  parts.store.jobs.update(job);
  changed();
};
