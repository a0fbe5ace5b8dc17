import type { AttemptInfo, Run, RunDetail } from '../../../shared/api.ts';
import type { JobRecord, RunRecord } from '../../store/records.ts';
import { shownProject } from '../../users/namespace.ts';
import { shownCommands } from '../../providers/shown-commands.ts';
import type { Store } from '../../store/store.ts';
import type { Control } from '../control.ts';
import { isEnded } from '../../../shared/states.ts';
import { nodePath } from '../../artifacts/node-path.ts';
import { decisiveJob, latestAttempts } from '../run-status.ts';
import { iso } from './iso.ts';
import { urlsOf } from './run-urls.ts';
import { culpritNode, doingOfNodes, failureReason, troubles } from './view-nodes.ts';
import { viewReruns, viewWatch, watchReason } from './view-watch.ts';
import { wants } from './wants.ts';

/** A run as the API shows it. `token`: of what it serves, for whoever may have it. */
export function viewRun(
  store: Store,
  control: Pick<Control, 'doing' | 'position' | 'explain' | 'watchNews'>,
  run: RunRecord,
  token: string | null = null,
): Run {
  const attempts = store.jobs.ofRun(run.id);
  const decisive = decisiveJob(attempts);
  const { state } = decisive;
  const latest = latestAttempts(attempts);
  const [first] = latest;
  const started = attempts.map((a) => ('startedAt' in a.state ? a.state.startedAt : null)).filter((at) => at !== null);
  const ended = latest.map((job) => ('finishedAt' in job.state ? job.state.finishedAt : null)).filter((at) => at !== null);
  const doing = first
    ? doingOf(
        run,
        first,
        attempts,
        doingOfNodes(run, latest, (job) => control.doing(job)),
      )
    : null;
  const failed = failureReason(run, decisive);
  const watch = run.spec.watch ? viewWatch(run, store.reruns.newest(run.id, 3), decisive, control.watchNews(run.id)) : null;
  const waits = watch && watchReason(watch, run, decisive);
  const texts = [...(waits !== null ? [waits] : failed === null ? [unused(run, state.status), doing] : [failed]), ...troubles(run, latest)];
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
    exitCode: watch ? watch.exitCode : 'exitCode' in state ? state.exitCode : null,
    tags: store.tags.ofRun(run.id).map((tag) => tag.tag),
    host: 'host' in state ? state.host : null,
    gpus: latest.flatMap((job) => ('gpus' in job.state ? job.state.gpus : [])),
    nodes: run.spec.jobs.length,
    artifacts: run.spec.jobs.flatMap((job, node) => job.artifacts.map((artifact) => nodePath(node, artifact.path))),
    urls: first ? urlsOf(run, first, token) : [],
    attempt: watch?.attempt ?? first?.attempt ?? 1,
    watch,
    priority: run.spec.priority,
    interruptible: run.spec.interruptible,
    wants: wants(run.spec.jobs),
    position: state.status === 'queued' && !run.intent ? control.position(run.id) : null,
    waitingSince: state.status === 'queued' ? iso(state.since) : null,
    submittedAt: new Date(run.submittedAt).toISOString(),
    startedAt: iso(started.length > 0 ? Math.min(...started) : null),
    finishedAt: iso('finishedAt' in state ? Math.max(...ended) : null),
  };
}

/** That nobody used it, which is why it ends or has ended; null: not for this. */
const unused = ({ intent }: RunRecord, status: Run['status']): string | null =>
  intent?.reason === 'inactivity' && (status === 'stopped' || !isEnded(status)) ? (intent.detail ?? null) : null;

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
  control: Pick<Control, 'doing' | 'position' | 'explain' | 'container' | 'watchNews'>,
  run: RunRecord,
  token: string | null = null,
): Omit<RunDetail, 'gpuNumbers'> {
  const { spec } = run;
  const [job] = spec.jobs;
  const attempts = store.jobs.ofRun(run.id);
  const [attempt] = latestAttempts(attempts);
  if (!job || !attempt) throw new Error(`the run ${run.name} has no job`);
  const { image, driver } = attempt.progress;
  const reruns = spec.watch ? store.reruns.ofRun(run.id) : [];
  return {
    ...viewRun(store, control, run, token),
    projectDir: run.projectDir,
    args: spec.args,
    resources: { cpu: job.cpu, memory: job.memory, shmSize: job.shmSize, gpu: job.gpu, interruptible: spec.interruptible },
    image: job.image,
    imageDigest: image?.digest ?? image?.id ?? null,
    environmentKey: attempt.progress.environments?.at(-1) ?? null,
    // of a watch that of its newest attempt
    snapshot:
      reruns.length > 0
        ? { ...spec.snapshot, tree: (reruns.findLast(({ givenAt }) => givenAt !== null) ?? reruns[0])?.tree ?? '' }
        : spec.snapshot,
    deps: spec.deps.map(({ kind, project, name, run: of }) => ({ kind, project, name, run: of })),
    mounts: job.mounts.map((mount) => `${mount.source}:${mount.target}${mount.readOnly ? ':ro' : ''}`),
    commands: shownCommands(job),
    env: job.env,
    driver,
    maxDuration: spec.maxDuration,
    idleTimeout: spec.idleTimeout ?? null,
    inactivityDuration: spec.inactivityDuration ?? null,
    restartOf: spec.restartOf,
    retry: spec.retry,
    culprit: culpritNode(run, latestAttempts(attempts)),
    attempts:
      reruns.length > 0
        ? viewReruns(reruns, attempts, control.container)
        : attempts.map((one) => viewAttempt(one, one.open ? control.container(one) : null)),
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
    // one that has ended waits for the other nodes
    container: (state.status === 'running' || state.status === 'stopping') && progress.end === null ? container : null,
    startedAt: iso(startedAt),
    finishedAt: iso(progress.end?.finishedAt ?? null),
    exitCode: progress.end?.exitCode ?? null,
  };
}
