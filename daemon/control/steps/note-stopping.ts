import { culpritOf, isGang, nodesOf } from '../gangs/gang.ts';
import { endOf } from '../plan.ts';
import type { Executor } from './executor.ts';

/** Somebody wants it to end, or another node failed, and the world may see that. */
export const noteStopping: Executor = async ({ parts, attempt, changed }) => {
  const { job, run } = attempt;
  const culprit = isGang(run) ? culpritOf(run, nodesOf(parts.store.jobs.ofRun(run.id), job.attempt)) : null;
  const how = endOf(job, run) ?? (culprit ? 'stop' : null);
  if (job.state.status !== 'running' || !how) return;
  const { startedAt, host, gpus } = job.state;
  if (culprit) job.progress.endedFor = culprit.node.job;
  job.state = { status: 'stopping', since: parts.now(), startedAt, host, gpus, how };
  parts.store.jobs.update(job);
  changed();
};
