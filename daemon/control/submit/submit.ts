/**
 * From "run this" to a run in the queue: the workflow is read and checked, its deps are resolved, the project's files are taken, and only then
 * is anything written. What is refused here costs nobody an hour in the queue.
 */
import type { SubmitRequest } from '../../../shared/api.ts';
import { fail, ok, unwrap, type Failure } from '../../../shared/result.ts';
import { escapeTemplate } from '../../../shared/workflow/interpolate.ts';
import { quoteArgs } from '../../../shared/workflow/quote.ts';
import type { Workflow } from '../../../shared/workflow/model.ts';
import type { RunSpec } from '../../providers/job-spec.ts';
import { applyPolicy } from '../../policy/apply.ts';
import { checkQueue } from '../../policy/queue-length.ts';
import { jobsOf } from '../../providers/providers.ts';
import { freshProgress, type RunRecord } from '../../store/records.ts';
import { ownerOf, type Caller } from '../../users/caller.ts';
import type { Control } from '../control.ts';
import { findWorkflow } from './find-workflow.ts';
import { allowMounts } from './mount-roots.ts';
import type { ControlParts } from '../parts.ts';
import { sharedPorts } from './port-holders.ts';
import { openProject, type ProjectFiles } from './project-files.ts';
import { resolveDeps } from './resolve-deps.ts';
import { newRunName } from './run-names.ts';
import { newToken } from './run-token.ts';
import { checkFits } from './check-fits.ts';
import { checkJobs } from './check-jobs.ts';
import { checkExtensions } from './check-extensions.ts';
import { checkFile } from './check-file.ts';
import { checkRequirements, checkTaken } from './check-requirements.ts';
import { onlyBuild } from '../builds/only-build.ts';
import { idleUnknown } from './idle-unknown.ts';
import { inactivityOf } from './inactivity.ts';
import { unsavedAtAll } from './unsaved-work.ts';
import { unusedArgs } from './unused-args.ts';
import { fillIn } from '../secrets.ts';

export type SubmitFailure = Failure & { names?: string[] };

/** What a submit needs of the daemon. */
export interface SubmitParts {
  parts: ControlParts;
  control: Control;
  caller: Caller;
}

/** Inserts the run of a project (its key) and wakes the scheduler. Fails with `env_needed` (and `names`) when variables are to be taken from the submitter's environment. */
export const submit = (submitParts: SubmitParts, request: SubmitRequest, project: string): Promise<Submission> =>
  submitParts.parts.gate.together(() => submitNow(submitParts, request, project));

type Submission = { ok: true; value: { run: RunRecord; warnings: string[] } } | { ok: false; failure: SubmitFailure };

async function submitNow({ parts, control, caller }: SubmitParts, request: SubmitRequest, project: string): Promise<Submission> {
  // another user's request is another one, whatever it is called
  const requestId = caller.shared ? `${caller.uid}:${request.requestId}` : request.requestId;
  const before = parts.store.runs.byRequest(requestId);
  if (before) return ok({ run: before, warnings: [] });
  const opened = await openProject(parts, caller, request);
  if (!opened.ok) return opened;
  const files = opened.value;
  const found = await findWorkflow(files.dir, request.target, request.overrides, request.args);
  if (!found.ok) return found;
  const { workflow, named, hints } = found.value;
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

  const deps = resolveDeps(parts.store, project, workflow.deps);
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
  const queue = checkQueue(parts.store, caller);
  if (!queue.ok) return queue;
  const room = await parts.diskUse.check(caller, parts.policy.of(caller.user).disk);
  if (!room.ok) return room;
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
    terminal: request.terminal ?? null,
  };
  const portsTaken = sharedPorts(parts.store, jobs);
  const unknown = await idleUnknown(parts, workflow.idleTimeout, jobs);
  const run = await insertRun(
    { parts, control },
    {
      project,
      projectDir: request.projectDir,
      workflow: named ? workflow.name : null,
      provider: workflow.provider,
      user: caller.user,
      owner: ownerOf(caller),
      requestId,
      tag: request.tag ?? null,
      spec,
    },
  );
  return ok({
    run,
    warnings: [
      ...hints,
      ...unused.value,
      ...program.value,
      ...taken.value.warnings,
      ...adjustments(request.projectDir, files, workflow),
      ...portsTaken,
      ...unknown,
      ...(request.buildOnly ? [] : unsavedAtAll(workflow)),
    ],
  });
}

type NewRun = Pick<RunRecord, 'project' | 'projectDir' | 'workflow' | 'provider' | 'user' | 'owner' | 'requestId' | 'tag' | 'spec'>;

/** Names the run, fills in `run.name` and `run.args`, and puts it and its jobs into the queue, all in one transaction. */
export async function insertRun({ parts, control }: Pick<SubmitParts, 'parts' | 'control'>, wanted: NewRun): Promise<RunRecord> {
  const run = await parts.store.together((): RunRecord => {
    // the same request may have come again while this one was looking at files
    const before = wanted.requestId === null ? null : parts.store.runs.byRequest(wanted.requestId);
    if (before) return before;
    const name = newRunName(parts.store);
    const spec: RunSpec = {
      ...wanted.spec,
      jobs: unwrap(fillIn(wanted.spec.templates, { run: { name, args: quoteArgs(wanted.spec.args) } })),
    };
    spec.token = newToken(parts.secretBox, name, spec.jobs);
    const submittedAt = parts.now();
    const id = parts.store.runs.insert({ ...wanted, spec, name, submittedAt });
    for (const job of spec.jobs.keys()) {
      parts.store.jobs.insert({
        runId: id,
        job,
        attempt: 1,
        state: { status: 'queued', since: submittedAt },
        progress: freshProgress(),
        open: true,
      });
    }
    return { ...wanted, spec, id, name, submittedAt, shared: false, intent: null, removedAt: null };
  });
  control.reschedule();
  return run;
}

/** What is accepted, but is perhaps not what was meant. */
function adjustments(projectDir: string, files: ProjectFiles, workflow: Workflow): string[] {
  const said: string[] = [];
  if (!files.has('.dstack')) {
    said.push(`there is no .dstack in ${projectDir} or above it, so this folder itself is taken as the project`);
  }
  if (workflow.python !== null && workflow.image !== null) {
    said.push(`'python: ${workflow.python}' has no effect: 'image' says what the container is made of`);
  }
  if (!files.has(workflow.workingDir)) {
    said.push(`the folder '${workflow.workingDir}' of 'working_dir' is not in the project: it is made, empty`);
  }
  return said;
}
