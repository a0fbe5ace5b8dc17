import { sameDemand } from '../watch/same-demand.ts';
import { takeInto } from '../watch/take.ts';
import { dropWorkspace } from '../workspace-mount.ts';
import type { Executor } from './executor.ts';
import { backToQueue } from './requeue.ts';

/**
 * The attempt that is wanted is of other files, or of another definition of the workflow, than the run has so far: from here on the run is that. What was made ready for the other
 * one goes; its container was never started. Where it needs another place it waits for one.
 */
export const takeRerun: Executor = async ({ parts, attempt, container, changed, reschedule }) => {
  const { run, job, live } = attempt;
  if (container) await parts.engine.remove(container.id, false);
  await dropWorkspace(parts, attempt);
  live.image = null;
  live.environment = null;
  const before = run.spec;
  // both or neither: it must not go on in a place that is not what it asks for
  const moves = parts.store.transaction(() => {
    const after = takeInto(parts.store, run.id, job.attempt);
    if (after === null || sameDemand(before, after)) return false;
    backToQueue(parts, attempt, 'it asks for something else now');
    return true;
  });
  changed();
  if (moves) reschedule();
};
