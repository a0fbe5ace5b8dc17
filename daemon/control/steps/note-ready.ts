import type { Executor } from './executor.ts';

/** A node has all that it needs to begin: image, workspace and GPUs. When all have, the master begins. */
export const noteReady: Executor = async ({ parts, attempt: { job } }) => {
  job.progress.ready = parts.now();
  parts.store.jobs.update(job);
};
