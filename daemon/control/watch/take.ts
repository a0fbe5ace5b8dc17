import type { RunSpec } from '../../providers/job-spec.ts';
import type { Store } from '../../store/store.ts';
import { keyedArtifacts } from './artifact-keys.ts';
import { needsTaking } from './watch-view.ts';

/** Makes the run what the attempt that is wanted asks for; returns that, null: it is. `attempt`: of the container that is to begin with it. Within a transaction. */
export function takeInto(store: Pick<Store, 'runs' | 'reruns'>, runId: number, attempt: number): RunSpec | null {
  const [row] = store.reruns.newest(runId, 1);
  const run = store.runs.byId(runId);
  if (!row || !run || row.givenAt !== null || row.number !== attempt || !needsTaking(row, run)) return null;
  const made = row.spec ? { ...row.spec, watch: row.spec.watch ?? run.spec.watch } : run.spec;
  const spec: RunSpec = { ...made, jobs: keyedArtifacts(run.spec.jobs, made.jobs), snapshot: { ...made.snapshot, tree: row.tree } };
  store.runs.setSpec(runId, spec);
  store.reruns.put({ ...row, spec: null });
  return spec;
}
