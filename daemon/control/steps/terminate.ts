import type { Executor } from './executor.ts';

/** SIGTERM to the job's whole process group; written before it is sent, since it may have been received when we are killed. */
export const terminate: Executor = async ({ parts, attempt }) => {
  attempt.job.progress.terminatedAt = parts.now();
  parts.store.jobs.update(attempt.job);
  await parts.engine.kill(attempt.container, 'SIGTERM');
};
