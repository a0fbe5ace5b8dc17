import { keyedArtifacts } from '../watch/artifact-keys.ts';
import { sameDemand } from '../watch/same-demand.ts';
import { needsTaking } from '../watch/watch-view.ts';
import { dropWorkspace } from '../workspace-mount.ts';
import type { Executor } from './executor.ts';
import { requeue } from './requeue.ts';

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
  const after = parts.store.transaction(() => {
    const [row] = parts.store.reruns.newest(run.id, 1);
    const now = parts.store.runs.byId(run.id);
    if (!row || !now || row.givenAt !== null || row.number !== job.attempt || !needsTaking(row, now)) return null;
    const made = row.spec ? { ...row.spec, watch: row.spec.watch ?? now.spec.watch } : now.spec;
    const spec = { ...made, jobs: keyedArtifacts(now.spec.jobs, made.jobs), snapshot: { ...made.snapshot, tree: row.tree } };
    parts.store.runs.setSpec(run.id, spec);
    parts.store.reruns.put({ ...row, spec: null });
    return spec;
  });
  changed();
  if (after === null || sameDemand(before, after)) return;
  attempt.run = { ...run, spec: after };
  await requeue(parts, attempt, 'it asks for something else now', null);
  reschedule();
};
