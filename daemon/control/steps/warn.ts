import { specOf } from '../attempt.ts';
import type { Executor } from './executor.ts';

/**
 * SIGUSR1 to the job's process group, some time before the end of its max_duration. The job's script ignores it, and so does all that it starts, unless it
 * asks for it; a container that starts by itself might die of it, and is spared.
 */
export const warn: Executor = async ({ parts, attempt }) => {
  attempt.job.progress.warnedAt = parts.now();
  parts.store.jobs.update(attempt.job);
  if (specOf(attempt).start.kind === 'script') await parts.engine.kill(attempt.container, 'SIGUSR1');
};
