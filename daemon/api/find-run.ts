import { fail, ok, type Result } from '../../shared/result.ts';
import { nearest } from '../../shared/workflow/suggest.ts';
import { taggedRun } from '../control/submit/resolve-deps.ts';
import type { RunRecord } from '../store/records.ts';
import { may, type Access } from '../users/caller.ts';
import { shownProject } from '../users/namespace.ts';
import type { ApiParts } from './handler.ts';

type Asked = Pick<ApiParts, 'store' | 'caller'>;

/** The run of that name, in whatever project, if the caller may do this with it. Fails with `no_such_run` and `not_yours`. */
export function findRun(asked: Asked, name: string, access: Access, project?: string): Result<RunRecord> {
  const { store, caller } = asked;
  const run = store.runs.byName(name);
  if (run) return may(caller, access, run) ? ok(run) : notYours(run, access);
  const near = project === undefined ? nearRun(visible(asked), name) : nearRun(store.runs.ofProject(project), name);
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

/** All runs that the caller may read, the newest first: of whatever project, as the name alone is to find them. */
const visible = ({ store, caller }: Asked): RunRecord[] =>
  store.runs
    .all()
    .filter((run) => run.removedAt === null && may(caller, 'read', run))
    .toReversed();

/** The run whose name was meant: one whose number was left out, else one that is written much the same. Null: there is none. */
function nearRun(runs: readonly RunRecord[], name: string): string | null {
  const unnumbered = runs.find((run) => run.name.replace(/-\d+$/, '') === name);
  return (
    unnumbered?.name ??
    nearest(
      name,
      runs.map((run) => run.name),
    )
  );
}

const notYours = ({ name, user }: RunRecord, access: Access): Result<never> => {
  switch (access) {
    case 'read':
      return fail('not_yours', `The run '${name}' belongs to ${user}, who has not shared it`, `${user} can, with: dstack share ${name}`);
    case 'end':
      return fail(
        'not_yours',
        `The run '${name}' belongs to ${user}: only ${user} and the administrator may stop or remove it`,
        `Ask ${user}`,
      );
    case 'enter':
      return fail(
        'not_yours',
        `The run '${name}' belongs to ${user}: only ${user} and the administrator may run commands in it`,
        `Ask ${user}`,
      );
    case 'own':
      return fail('not_yours', `The run '${name}' belongs to ${user}: only ${user} may use it so`, 'Your own: dstack ps -a');
  }
};

/** The run that `RUN` or `:TAG` means; a tag keeps its run findable after `rm`. */
export function findTarget(asked: Asked, project: string, target: string, access: Access): Result<RunRecord> {
  if (!target.startsWith(':')) return findRun(asked, target, access, project);
  const { store } = asked;
  const tag = target.slice(1);
  const run = taggedRun(store, project, tag);
  if (run) return ok(run);
  const near = nearest(
    tag,
    store.tags.ofProject(project).map((t) => t.tag),
  );
  return fail(
    'no_such_tag',
    `Cannot find the tag '${tag}' in the '${shownProject(project)}' project`,
    near ? `Did you mean ':${near}'?` : 'See the tags with: dstack tags',
  );
}
