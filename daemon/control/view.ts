import type { AttemptInfo, Run, RunDetail } from '../../shared/api.ts';
import type { JobRecord, RunRecord } from '../store/records.ts';
import { shownProject } from '../users/namespace.ts';
import type { Store } from '../store/store.ts';
import type { Control } from './control.ts';
import { isEnded } from '../../shared/states.ts';
import { latestAttempts, runState } from './run-status.ts';
import { wants } from './wants.ts';

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** A run as the API shows it. */
export function viewRun(store: Store, control: Pick<Control, 'doing' | 'position' | 'explain'>, run: RunRecord): Run {
  const attempts = store.jobs.ofRun(run.id);
  const state = runState(attempts);
  const [first] = latestAttempts(attempts);
  const started = attempts.map((a) => ('startedAt' in a.state ? a.state.startedAt : null)).filter((at) => at !== null);
  const doing = first ? doingOf(run, first, attempts, control.doing(first)) : null;
  const { log = null, remark = null } = first?.progress ?? {};
  const logLost = log !== null && log !== 'complete' ? `its log is incomplete: ${log.incomplete}` : null;
  const texts = state.status === 'failed' ? [state.reason, logLost, remark] : [doing, logLost, remark];
  const reason = texts.filter((text) => text !== null).join('; ') || null;
  return {
    name: run.name,
    workflow: run.workflow,
    provider: run.provider,
    project: shownProject(run.project),
    user: run.user,
    // asked for is as good as begun
    status: run.intent && !isEnded(state.status) ? 'stopping' : state.status,
    reason,
    exitCode: 'exitCode' in state ? state.exitCode : null,
    tags: store.tags.ofRun(run.id).map((tag) => tag.tag),
    host: 'host' in state ? state.host : null,
    gpus: 'gpus' in state ? state.gpus : [],
    artifacts: run.spec.jobs.flatMap((job) => job.artifacts.map((artifact) => artifact.path)),
    urls: first ? urlsOf(run, first) : [],
    attempt: first?.attempt ?? 1,
    priority: run.spec.priority,
    interruptible: run.spec.interruptible,
    wants: wants(run.spec.jobs),
    position: state.status === 'queued' && !run.intent ? control.position(run.id) : null,
    waitingSince: state.status === 'queued' ? iso(state.since) : null,
    submittedAt: new Date(run.submittedAt).toISOString(),
    startedAt: iso(started.length > 0 ? Math.min(...started) : null),
    finishedAt: iso('finishedAt' in state ? state.finishedAt : null),
  };
}

/** Where its ports are published. */
function urlsOf(run: RunRecord, { job, state, progress }: JobRecord): Run['urls'] {
  if (state.status !== 'running') return [];
  const wanted = run.spec.jobs[job]?.ports ?? [];
  return progress.ports.map((port) => ({
    name: `PORT_${wanted.findIndex(({ container }) => container === port.container)}`,
    url: `http://127.0.0.1:${port.host}`,
  }));
}

/** What an attempt does or waits for, in one sentence with why it is not the first. `doing`: what the control knows of it. */
function doingOf(
  run: RunRecord,
  { attempt, state, progress }: JobRecord,
  attempts: readonly JobRecord[],
  doing: string | null,
): string | null {
  if (state.status !== 'queued') {
    const makesRoom = progress.preempted?.for && !run.intent && !isEnded(state.status) && state.status !== 'interrupted';
    return [makesRoom ? `makes room for ${progress.preempted?.for}` : null, doing].filter((text) => text !== null).join('; ') || null;
  }
  const waits = doing ?? (run.intent ? null : 'the queue is being looked at');
  const before = attempts.findLast((one) => one.state.status === 'interrupted')?.state;
  if (before?.status !== 'interrupted' || waits === null) return waits;
  const why = (before.cause ?? 'failed') === 'failed' ? `failed (${before.reason})` : before.reason;
  // nobody is before it in its pause
  const pause = /\btries again at .*/.exec(waits)?.[0];
  return pause === undefined ? `${why}, attempt ${attempt}: ${waits}` : `${why}, attempt ${attempt} ${pause}`;
}

/** The whole of a run. Values of variables that hold a secret's reference are shown as the reference. */
export function viewRunDetail(
  store: Store,
  control: Pick<Control, 'doing' | 'position' | 'explain' | 'container'>,
  run: RunRecord,
): Omit<RunDetail, 'gpuNumbers'> {
  const { spec } = run;
  const [job] = spec.jobs;
  const attempts = store.jobs.ofRun(run.id);
  const [attempt] = latestAttempts(attempts);
  if (!job || !attempt) throw new Error(`the run ${run.name} has no job`);
  const { image, driver } = attempt.progress;
  return {
    ...viewRun(store, control, run),
    projectDir: run.projectDir,
    args: spec.args,
    resources: { cpu: job.cpu, memory: job.memory, shmSize: job.shmSize, gpu: job.gpu, interruptible: spec.interruptible },
    image: job.image,
    imageDigest: image?.digest ?? image?.id ?? null,
    environmentKey: null,
    snapshot: spec.snapshot,
    deps: spec.deps.map(({ kind, project, name, run: of }) => ({ kind, project, name, run: of })),
    mounts: job.mounts.map((mount) => `${mount.source}:${mount.target}${mount.readOnly ? ':ro' : ''}`),
    commands: job.start.kind === 'script' ? job.start.commands : (job.start.command ?? []),
    env: job.env,
    driver,
    maxDuration: spec.maxDuration,
    idleTimeout: spec.idleTimeout ?? null,
    restartOf: spec.restartOf,
    retry: spec.retry,
    attempts: attempts.map((one) => viewAttempt(one, one.open ? control.container(one) : null)),
    waiting: control.explain(run.id),
  };
}

/** One attempt in the story of a run. */
function viewAttempt({ attempt, job, state, progress }: JobRecord, container: string | null): AttemptInfo {
  const reason = 'reason' in state ? state.reason : null;
  const startedAt = 'startedAt' in state ? state.startedAt : (progress.end?.startedAt ?? null);
  return {
    attempt,
    job,
    status: state.status,
    cause: state.status === 'interrupted' ? (state.cause ?? 'failed') : null,
    reason,
    host: 'host' in state ? state.host : null,
    gpus: 'gpus' in state ? state.gpus : [],
    container: state.status === 'running' || state.status === 'stopping' ? container : null,
    startedAt: iso(startedAt),
    finishedAt: iso(progress.end?.finishedAt ?? null),
    exitCode: progress.end?.exitCode ?? null,
  };
}
