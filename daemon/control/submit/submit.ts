/**
 * From "run this" to a run in the queue: the workflow is read and checked, its deps are resolved, the project's files are taken, and only then
 * is anything written. What is refused here costs nobody an hour in the queue.
 */
import type { SubmitRequest } from '../../../shared/api.ts';
import { ok, unwrap, type Result } from '../../../shared/result.ts';
import { quoteArgs } from '../../../shared/workflow/quote.ts';
import type { Workflow } from '../../../shared/workflow/model.ts';
import type { RunSpec } from '../../providers/job-spec.ts';
import { checkQueue } from '../../policy/queue-length.ts';
import { freshProgress, type RunRecord } from '../../store/records.ts';
import { ownerOf } from '../../users/caller.ts';
import { sharedPorts } from './port-holders.ts';
import { openProject, type ProjectFiles } from './project-files.ts';
import { resolveRun, type SubmitFailure, type SubmitParts } from './resolve-run.ts';
import { newRunName } from './run-names.ts';
import { newToken } from './run-token.ts';
import { idleUnknown } from './idle-unknown.ts';
import { unsavedAtAll } from './unsaved-work.ts';
import { fillIn } from '../secrets.ts';
import { firstRerun } from '../watch/first-rerun.ts';

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
  // what the host has is needed soon, and is remembered for a second: it is asked while the files are read
  void control.hosts(false).catch(() => undefined);
  void files.snapshot.then(
    () => parts.logger.debug({ project }, 'files taken'),
    () => undefined,
  );
  const admit = async (): Promise<Result<void>> => {
    const queue = checkQueue(parts.store, caller);
    return queue.ok ? parts.diskUse.check(caller, parts.policy.of(caller.user).disk) : queue;
  };
  const resolved = await resolveRun({ parts, control, caller }, request, files, project, { admit });
  if (!resolved.ok) return resolved;
  const { workflow, named, spec, warnings } = resolved.value;
  const portsTaken = sharedPorts(parts.store, spec.templates);
  const unknown = await idleUnknown(parts, workflow.idleTimeout, spec.templates);
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
      ...warnings,
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
    for (const rerun of firstRerun({ id, spec }, submittedAt)) parts.store.reruns.put(rerun);
    return { ...wanted, spec, id, name, submittedAt, shared: false, intent: null, removedAt: null };
  });
  parts.logger.debug({ run: run.name }, 'in the queue');
  control.reschedule();
  if (run.spec.watch) parts.watch(run);
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
