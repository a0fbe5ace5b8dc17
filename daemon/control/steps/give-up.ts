import { culpritOf, nodesOf } from '../gangs/gang.ts';
import type { Executor } from './executor.ts';

/** A node that has not begun never will: the run is to end, or another node failed. From here on the others count on it. */
export const giveUp: Executor = async ({ parts, attempt: { run, job } }) => {
  job.progress.end = {
    startedAt: null,
    finishedAt: parts.now(),
    exitCode: null,
    outOfMemory: false,
    byItself: false,
    epochChanged: false,
    problem: null,
  };
  const nodes = nodesOf(parts.store.jobs.ofRun(run.id), job.attempt);
  job.progress.endedFor = culpritOf(parts.store.runs.byId(run.id) ?? run, nodes)?.node.job ?? null;
  parts.store.jobs.update(job);
};
