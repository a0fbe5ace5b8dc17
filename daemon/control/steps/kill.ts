import type { Executor } from './executor.ts';

/** SIGKILL: asked for, or the grace period is over. */
export const kill: Executor = async ({ parts, attempt }) => {
  attempt.job.progress.killedAt = parts.now();
  parts.store.jobs.update(attempt.job);
  await parts.engine.kill(attempt.container, 'SIGKILL');
};
