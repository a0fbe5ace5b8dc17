/**
 * From "run this" to a run in the queue: the workflow is read and checked, its deps are resolved, the project's files are taken, and only then
 * is anything written. What is refused here costs nobody an hour in the queue.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SubmitRequest } from '../../shared/api.ts';
import { projectName } from '../../shared/project.ts';
import { fail, ok, unwrap, type Failure } from '../../shared/result.ts';
import { escapeTemplate } from '../../shared/workflow/interpolate.ts';
import { quoteArgs } from '../../shared/workflow/quote.ts';
import type { Workflow } from '../../shared/workflow/model.ts';
import type { RunSpec } from '../providers/job-spec.ts';
import { jobsOf } from '../providers/providers.ts';
import { neverFits } from '../scheduler/schedule.ts';
import { freshProgress, type RunRecord } from '../store/records.ts';
import type { Control } from './control.ts';
import { findWorkflow } from './find-workflow.ts';
import { checkMounts } from './mount-roots.ts';
import type { ControlParts } from './parts.ts';
import { resolveDeps } from './resolve-deps.ts';
import { newRunName } from './run-names.ts';
import { checkJobs } from './check-jobs.ts';
import { fillIn } from './secrets.ts';

export type SubmitFailure = Failure & { names?: string[] };

/** What a submit needs of the daemon. */
export interface SubmitParts {
  parts: ControlParts;
  control: Control;
  user: string;
}

/** Inserts the run and wakes the scheduler. Fails with `env_needed` (and `names`) when variables are to be taken from the submitter's environment. */
export const submit = (submitParts: SubmitParts, request: SubmitRequest): Promise<Submission> =>
  submitParts.parts.gate.together(() => submitNow(submitParts, request));

type Submission = { ok: true; value: { run: RunRecord; warnings: string[] } } | { ok: false; failure: SubmitFailure };

async function submitNow({ parts, control, user }: SubmitParts, request: SubmitRequest): Promise<Submission> {
  const before = parts.store.runs.byRequest(request.requestId);
  if (before) return ok({ run: before, warnings: [] });
  const snapshot = parts.snapshots.take(request.projectDir);
  // it is awaited below; until then its failure is nobody's unhandled rejection
  snapshot.catch(() => undefined);
  const found = await findWorkflow(request.projectDir, request.target, request.overrides, request.args);
  if (!found.ok) return found;
  const { workflow, named, hints } = found.value;

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

  const project = projectName(request.projectDir);
  const deps = resolveDeps(parts.store, project, workflow.deps);
  if (!deps.ok) return deps;
  if (workflow.requirements !== null && !existsSync(join(request.projectDir, workflow.workingDir, workflow.requirements))) {
    const path = join(workflow.workingDir, workflow.requirements);
    return fail('no_requirements', `The file '${path}' that 'requirements' names does not exist in ${request.projectDir}`);
  }
  const mounts = checkMounts(workflow.mounts, parts.config.mountRoots);
  if (!mounts.ok) return mounts;
  const python = workflow.python ?? parts.config.defaultPython;
  const image = parts.config.images[python] ?? '';
  if (image === '' && workflow.image === null && workflow.provider !== 'docker')
    return fail('no_image', `The config has no image for Python ${python}`, `Add it under 'images', see: dstack config`);
  const jobs = jobsOf({ ...workflow, env, mounts: mounts.value }, image);
  if (!jobs.ok) return jobs;
  const checked = checkJobs(parts, project, jobs.value, deps.value);
  if (!checked.ok) return checked;
  const capacity = await control.capacity();
  for (const job of jobs.value) {
    const never = neverFits(job, capacity);
    if (never !== null) return fail('never_fits', `${never}: the run could never start`, 'See what there is with: dstack doctor');
  }
  const taken = await snapshot;
  if (!taken.ok) return taken;
  const { tree, commit, branch, dirty } = taken.value;

  const spec: RunSpec = {
    args: request.args,
    snapshot: { tree, commit, branch, dirty },
    templates: jobs.value,
    jobs: [],
    deps: deps.value,
    interruptible: workflow.resources.interruptible,
    maxDuration: workflow.maxDuration,
    priority: workflow.priority,
    retry: workflow.retry,
    pinnedImage: null,
    restartOf: null,
    terminal: request.terminal ?? null,
  };
  const run = insertRun(
    { parts, control },
    {
      project,
      projectDir: request.projectDir,
      workflow: named ? workflow.name : null,
      provider: workflow.provider,
      user,
      requestId: request.requestId,
      tag: request.tag ?? null,
      spec,
    },
  );
  return ok({ run, warnings: [...hints, ...taken.value.warnings, ...adjustments(request.projectDir, workflow)] });
}

type NewRun = Pick<RunRecord, 'project' | 'projectDir' | 'workflow' | 'provider' | 'user' | 'requestId' | 'tag' | 'spec'>;

/** Names the run, fills in `run.name` and `run.args`, and puts it and its jobs into the queue, all in one transaction. */
export function insertRun({ parts, control }: Pick<SubmitParts, 'parts' | 'control'>, wanted: NewRun): RunRecord {
  const run = parts.store.transaction((): RunRecord => {
    // the same request may have come again while this one was looking at files
    const before = wanted.requestId === null ? null : parts.store.runs.byRequest(wanted.requestId);
    if (before) return before;
    const name = newRunName(parts.store);
    const spec = { ...wanted.spec, jobs: unwrap(fillIn(wanted.spec.templates, { run: { name, args: quoteArgs(wanted.spec.args) } })) };
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
    return { ...wanted, spec, id, name, submittedAt, intent: null, removedAt: null };
  });
  control.reschedule();
  return run;
}

/** What is accepted, but is perhaps not what was meant. */
function adjustments(projectDir: string, workflow: Workflow): string[] {
  const said: string[] = [];
  if (!existsSync(join(projectDir, '.dstack'))) {
    said.push(`there is no .dstack in ${projectDir} or above it, so this folder itself is taken as the project`);
  }
  if (workflow.python !== null && workflow.image !== null) {
    said.push(`'python: ${workflow.python}' has no effect: 'image' says what the container is made of`);
  }
  if (!existsSync(join(projectDir, workflow.workingDir))) {
    said.push(`the folder '${workflow.workingDir}' of 'working_dir' is not in the project: it is made, empty`);
  }
  return said;
}
