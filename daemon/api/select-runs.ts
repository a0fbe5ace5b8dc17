import { fail, ok, type Result } from '../../shared/result.ts';
import type { RunRecord } from '../store/records.ts';
import { findRun } from './find-run.ts';
import type { ApiParts } from './handler.ts';
import { projectOf } from './project.ts';

/**
 * The runs that the caller wants to end or remove: those named (all must exist), or with `all` those of the project. Fails with `no_such_run`,
 * `not_yours` and `nothing_named`.
 */
export function selectRuns(
  asked: Pick<ApiParts, 'store' | 'caller'>,
  request: { names?: string[] | undefined; all?: boolean | undefined; projectDir: string; project?: string | undefined },
): Result<RunRecord[]> {
  const project = projectOf(asked, request);
  if (request.all) return ok(asked.store.runs.ofProject(project));
  if (!request.names?.length) return fail('nothing_named', 'No run is named', 'Give the name of a run, or --all');
  const runs: RunRecord[] = [];
  for (const name of request.names) {
    const run = findRun(asked, name, 'end', project);
    if (!run.ok) return run;
    runs.push(run.value);
  }
  return ok(runs);
}
