import type { Executor } from './executor.ts';

/** The saved folders belong to the submitting user from now on. */
export const settleArtifacts: Executor = async ({ parts, attempt }) => {
  const { job, run } = attempt;
  if (run.spec.jobs[job.job]?.artifacts.length) await parts.artifacts.settle(run.id, job.job);
  job.progress.settled = true;
  parts.store.jobs.update(job);
};
