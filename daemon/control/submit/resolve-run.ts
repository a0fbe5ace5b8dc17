/**
 * From a request and a project's files to what a run of them is: of a submit, and of a watch again when its workflow has changed. Nothing is written.
 */
import type { SubmitRequest } from '../../../shared/api.ts';
import { fail, ok, type Failure, type Result } from '../../../shared/result.ts';
import { escapeTemplate } from '../../../shared/workflow/interpolate.ts';
import type { DepRef, Workflow } from '../../../shared/workflow/model.ts';
import { applyPolicy } from '../../policy/apply.ts';
import type { ResolvedDep, RunSpec } from '../../providers/job-spec.ts';
import { jobsOf } from '../../providers/providers.ts';
import { isTold, type Caller } from '../../users/caller.ts';
import { onlyBuild } from '../builds/only-build.ts';
import type { Control } from '../control.ts';
import type { ControlParts } from '../parts.ts';
import { checkExtensions } from './check-extensions.ts';
import { checkFile } from './check-file.ts';
import { checkFits } from './check-fits.ts';
import { checkJobs } from './check-jobs.ts';
import { checkRequirements, checkTaken } from './check-requirements.ts';
import { findWorkflow } from './find-workflow.ts';
import { inactivityOf } from './inactivity.ts';
import { allowMounts } from './mount-roots.ts';
import type { ProjectFiles } from './project-files.ts';
import { resolveDeps } from './resolve-deps.ts';
import { unusedArgs } from './unused-args.ts';
import { mayWatch } from '../watch/may-watch.ts';

export type SubmitFailure = Failure & { names?: string[] };

/** What a submit needs of the daemon. */
export interface SubmitParts {
  parts: ControlParts;
  control: Control;
  caller: Caller;
}

/** What a run is made of. */
export type RunRequest = Pick<SubmitRequest, 'target' | 'overrides' | 'args' | 'env' | 'projectDir' | 'buildOnly' | 'terminal'>;

export interface Resolved {
  workflow: Workflow;
  /** it is one of the file */
  named: boolean;
  spec: RunSpec;
  warnings: string[];
}

type Resolution = { ok: true; value: Resolved } | { ok: false; failure: SubmitFailure };

/**
 * `known`: deps that were resolved before, which stay what they were. `admit`: whether there may be one more run, asked once it is known what it would be. Fails with `env_needed`
 * (and `names`) when variables are to be taken from the submitter's environment, and as all that it calls.
 */
export async function resolveRun(
  { parts, control, caller }: SubmitParts,
  request: RunRequest,
  files: ProjectFiles,
  project: string,
  { known = [], admit }: { known?: readonly ResolvedDep[]; admit?: () => Promise<Result<void>> } = {},
): Promise<Resolution> {
  const found = await findWorkflow(files.dir, request.target, request.overrides, request.args);
  if (!found.ok) return found;
  const { workflow, named, hints } = found.value;
  const may = request.overrides.watch ? mayWatch(workflow) : ok(undefined);
  if (!may.ok) return may;
  const unused = unusedArgs(workflow, request.args);
  if (!unused.ok) return unused;

  const names = workflow.env.filter((entry) => entry.value === null && request.env?.[entry.name] === undefined).map((entry) => entry.name);
  if (names.length > 0) {
    const failure = fail(
      'env_needed',
      `The workflow takes ${names.join(', ')} from your environment`,
      `Set it, or give a value with: -e NAME=VALUE`,
    );
    return { ok: false, failure: { ...failure.failure, names } };
  }
  const env = workflow.env.map((entry) => ({ name: entry.name, value: entry.value ?? escapeTemplate(request.env?.[entry.name] ?? '') }));

  const deps = depsOf(parts, project, workflow.deps, known);
  if (!deps.ok) return deps;
  const needed = checkRequirements(files, request.projectDir, workflow.workingDir, workflow.requirements);
  if (!needed.ok) return needed;
  const extensions = checkExtensions(files, request.projectDir, workflow);
  if (!extensions.ok) return extensions;
  const mounts = await allowMounts(parts, caller, workflow.mounts);
  if (!mounts.ok) return mounts;
  const python = workflow.python ?? parts.config.defaultPython;
  const image = parts.config.images[python] ?? '';
  if (image === '' && workflow.image === null && workflow.provider !== 'docker')
    return fail('no_image', `The config has no image for Python ${python}`, `Add it under 'images', see: dstack config`);
  const whole = jobsOf({ ...workflow, env, mounts: mounts.value }, image);
  const building = request.buildOnly ? onlyBuild(workflow, whole) : ok(whole);
  if (!building.ok) return building;
  const made = building.value;
  const { priority } = workflow;
  const lawful = applyPolicy(parts.policy.of(caller.user), { jobs: made, maxDuration: workflow.maxDuration, priority });
  if (!lawful.ok) return lawful;
  const { jobs, maxDuration } = lawful.value;
  const admitted = (await admit?.()) ?? ok(undefined);
  if (!admitted.ok) return admitted;
  const checked = checkJobs(parts, project, jobs, deps.value);
  if (!checked.ok) return checked;
  const fits = await checkFits(parts, control, jobs);
  if (!fits.ok) return fits;
  const taken = await files.snapshot;
  if (!taken.ok) return taken;
  const { tree, commit, branch, dirty } = taken.value;
  const complete = await checkTaken(files, tree, workflow.workingDir, workflow.requirements);
  if (!complete.ok) return complete;
  const program = request.buildOnly ? ok([]) : await checkFile(files, tree, request.projectDir, workflow, deps.value);
  if (!program.ok) return program;

  const spec: RunSpec = {
    args: request.args,
    snapshot: { tree, commit, branch, dirty },
    templates: jobs,
    jobs: [],
    deps: deps.value,
    interruptible: workflow.resources.interruptible,
    maxDuration,
    idleTimeout: workflow.idleTimeout,
    inactivityDuration: inactivityOf(workflow, parts.config),
    priority,
    retry: workflow.retry,
    pinnedImage: null,
    restartOf: null,
    ...(request.buildOnly ? { buildOnly: true } : {}),
    ...(caller.elsewhere ? { elsewhere: true } : {}),
    ...(request.overrides.watch && !request.buildOnly ? { watch: watchOf(workflow, request, caller) } : {}),
    terminal: request.terminal ?? null,
  };
  return ok({
    workflow,
    named,
    spec,
    warnings: [...hints, ...unused.value, ...program.value, ...taken.value.warnings],
  });
}

const watchOf = (workflow: Workflow, { target, overrides, args, env }: RunRequest, caller: Caller): RunSpec['watch'] & object => ({
  paths: workflow.watch?.paths ?? [],
  ignore: workflow.watch?.ignore ?? [],
  request: { target, overrides, args, ...(env ? { env } : {}) },
  byClient: isTold(caller),
});

/** Those that are known stay; the others mean what is there now. */
function depsOf({ store }: ControlParts, project: string, wanted: readonly DepRef[], known: readonly ResolvedDep[]): Result<ResolvedDep[]> {
  const before = (dep: DepRef): ResolvedDep | undefined =>
    known.find(({ kind, name, project: of }) => kind === dep.kind && name === dep.name && (dep.project === null || dep.project === of));
  const resolved = resolveDeps(
    store,
    project,
    wanted.filter((dep) => !before(dep)),
  );
  if (!resolved.ok) return resolved;
  const others = resolved.value.values();
  return ok(wanted.flatMap((dep) => before(dep) ?? others.next().value ?? []));
}
