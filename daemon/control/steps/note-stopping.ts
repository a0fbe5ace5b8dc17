import type { Executor } from './executor.ts';

/** Somebody wants it to end, and the world may see that. */
export const noteStopping: Executor = async ({ parts, attempt, changed }) => {
  const { job, run } = attempt;
  if (job.state.status !== 'running' || !run.intent) return;
  const { startedAt, host, gpus } = job.state;
  job.state = { status: 'stopping', since: parts.now(), startedAt, host, gpus, how: run.intent.how };
  parts.store.jobs.update(job);
  changed();
};
