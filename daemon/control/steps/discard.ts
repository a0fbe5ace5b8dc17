import type { Executor } from './executor.ts';

/** The volume, the workspace and the state folder; then nothing is left to do for the attempt. */
export const discard: Executor = async ({ parts, attempt }) => {
  await parts.engine.removeVolume(attempt.container);
  await parts.snapshots.discardWorkspace(attempt.id);
  await parts.states.remove(attempt.id);
  attempt.job.open = false;
  parts.store.jobs.update(attempt.job);
};
