import { fail, ok, type Result } from '../../shared/result.ts';
import { nearest } from '../../shared/workflow/suggest.ts';
import { taggedRun } from '../control/resolve-deps.ts';
import type { RunRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';

/** The run of that name, in whatever project. Fails with `no_such_run`. */
export function findRun(store: Store, name: string, project?: string): Result<RunRecord> {
  const run = store.runs.byName(name);
  if (run) return ok(run);
  const known = project === undefined ? [] : store.runs.ofProject(project).map((r) => r.name);
  const near = nearest(name, known);
  const ofWorkflow = project === undefined ? undefined : store.runs.ofProject(project).find((r) => r.workflow === name)?.name;
  const tagged = project !== undefined && store.tags.get(project, name) !== null;
  const hint = tagged
    ? `There is a tag of that name: ':${name}'`
    : ofWorkflow !== undefined
      ? `The newest run of the workflow '${name}' is ${ofWorkflow}`
      : near
        ? `Did you mean '${near}'?`
        : 'See the runs with: dstack ps -a';
  return fail('no_such_run', `Cannot find the run '${name}'`, hint);
}

/** The run that `RUN` or `:TAG` means; a tag keeps its run findable after `rm`. */
export function findTarget(store: Store, project: string, target: string): Result<RunRecord> {
  if (!target.startsWith(':')) return findRun(store, target, project);
  const tag = target.slice(1);
  const run = taggedRun(store, project, tag);
  if (run) return ok(run);
  const near = nearest(
    tag,
    store.tags.ofProject(project).map((t) => t.tag),
  );
  return fail(
    'no_such_tag',
    `Cannot find the tag '${tag}' in the '${project}' project`,
    near ? `Did you mean ':${near}'?` : 'See the tags with: dstack tags',
  );
}
