import { FailureError } from '../../../shared/result.ts';
import type { Executor } from './executor.ts';
import { judge } from './judge.ts';
import { unsavedWork } from './unsaved.ts';

/** The saved folders belong to the submitting user from now on; before another attempt they stay as the job's own user left them. */
export const settleArtifacts: Executor = async ({ parts, attempt }) => {
  const { job, run } = attempt;
  const spec = run.spec.jobs[job.job];
  if ((spec?.artifacts.length || spec?.app) && (await judge(parts, attempt)).again === null) {
    job.progress.remark = await unsavedWork(parts, attempt).catch(() => null);
    try {
      if (spec.artifacts.length > 0) await parts.artifacts.settle(run.id, job.job, run.owner);
    } catch (error) {
      // without root's help the files stay whose they are: that is said, and the run ends all the same
      if (!(error instanceof FailureError)) throw error;
      const { message, hint } = error.failure;
      job.progress.remark = hint === undefined ? message : `${message} ${hint}`;
    }
  }
  job.progress.settled = true;
  parts.store.jobs.update(job);
};
