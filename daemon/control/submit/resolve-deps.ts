import { artifactKey } from '../../artifacts/artifact-key.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { nearest } from '../../../shared/workflow/suggest.ts';
import type { DepRef } from '../../../shared/workflow/model.ts';
import type { ResolvedDep } from '../../providers/job-spec.ts';
import { besideProject, shownProject } from '../../users/namespace.ts';
import type { RunRecord } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';

/**
 * Each dep as the run that it means now, for good. A tag means its run; a workflow, the newest run of it that is done. Fails with `no_such_tag`
 * or `no_such_workflow_run`, saying what there is instead.
 */
export function resolveDeps(store: Store, project: string, deps: readonly DepRef[]): Result<ResolvedDep[]> {
  const resolved: ResolvedDep[] = [];
  for (const dep of deps) {
    const of = dep.project === null ? project : besideProject(project, dep.project);
    const run = dep.kind === 'tag' ? taggedRun(store, of, dep.name) : store.runs.lastDone(of, dep.name);
    if (!run) return dep.kind === 'tag' ? noTag(store, of, dep.name) : noRun(store, of, dep.name);
    // of several nodes, what the master saved
    const artifacts = artifactsOf(run).filter(({ job }) => job === 0);
    resolved.push({ kind: dep.kind, project: shownProject(of), name: dep.name, run: run.name, runId: run.id, artifacts });
  }
  return ok(resolved);
}

/** The saved folders of all of a run's jobs, where each lies and under which path it was saved. */
export const artifactsOf = (run: RunRecord): { job: number; key: string; path: string }[] =>
  run.spec.jobs.flatMap((spec, job) => spec.artifacts.map((artifact, i) => ({ job, key: artifactKey(artifact, i), path: artifact.path })));

export function taggedRun(store: Store, project: string, tag: string): RunRecord | null {
  const found = store.tags.get(project, tag);
  return found ? store.runs.byId(found.runId) : null;
}

function noTag(store: Store, project: string, tag: string): Result<never> {
  const tags = store.tags.ofProject(project).map((t) => t.tag);
  const near = nearest(tag, tags);
  const hint =
    tags.length === 0
      ? 'The project has no tags yet; make one with: dstack tags add TAG RUN, or dstack run -t TAG WORKFLOW'
      : near
        ? `Did you mean '${near}'?`
        : `There are: ${tags.slice(0, 10).join(', ')}`;
  return fail('no_such_tag', `Cannot find the tag '${tag}' in the '${shownProject(project)}' project`, hint);
}

function noRun(store: Store, project: string, workflow: string): Result<never> {
  const tried = store.runs.ofProject(project).filter((run) => run.workflow === workflow).length;
  const hint =
    tried > 0
      ? `Its ${tried === 1 ? 'one run is' : `${tried} runs are`} not done, see: dstack ps -a. To use what ${tried === 1 ? 'it' : 'one of them'} saved: dstack tags add TAG RUN, and the dep :TAG`
      : `Run it first: dstack run ${workflow}`;
  return fail(
    'no_such_workflow_run',
    `Cannot find any successful run of the workflow '${workflow}' in the '${shownProject(project)}' project`,
    hint,
  );
}
