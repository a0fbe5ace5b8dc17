import { projectName } from '../../shared/project.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { RunRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { findRun } from './find-run.ts';

/** The runs a bulk verb is for: those named (all must exist), or with `all` those of the project. Fails with `no_such_run` and `nothing_named`. */
export function selectRuns(
  store: Store,
  request: { names?: string[] | undefined; all?: boolean | undefined; projectDir: string },
): Result<RunRecord[]> {
  const project = projectName(request.projectDir);
  if (request.all) return ok(store.runs.ofProject(project));
  if (!request.names?.length) return fail('nothing_named', 'No run is named', 'Give the name of a run, or --all');
  const runs: RunRecord[] = [];
  for (const name of request.names) {
    const run = findRun(store, name, project);
    if (!run.ok) return run;
    runs.push(run.value);
  }
  return ok(runs);
}
