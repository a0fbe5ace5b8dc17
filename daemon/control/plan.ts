/**
 * What to do next for one attempt of a job. Pure: (wanted, observed) → one step; the driver runs it and looks again, so that a restart or a
 * lost event heals by itself.
 *
 *   queued ──────────────────────────────────────────────┐ stop asked for
 *     │ the scheduler places it                          │
 *     │  ▲ a GPU turns out to be another daemon's        │
 *   preparing: pullImage → prepareWorkspace → buildEnvironment → claimGpus → createContainer → confirmGpus → startContainer
 *     │ the container runs                               │                       │ cannot be had
 *   running: followLog (after a restart), warn, expire   │                       │
 *     │      of a watch: its attempts (watch/plan-watch.ts)                      │
 *     │            │ stop asked for                      │                       │
 *     │          stopping: terminate → grace → kill      │                       │
 *     │            │                                     │                       │
 *   the container is not running any more: readEnd → collectLog → settleArtifacts┤
 *     └────────────┴─────────────────────────────────────┴── finish ─ done | failed | stopped | aborted (or queued again)
 *                                                               └─ removeContainer → discard (volume, workspace, state folder)
 *
 * A container is removed only after its exit code, its complete log and its artifacts are recorded. Nodes of one run go through it each for itself, and
 * wait for each other where gang.ts says so.
 */
import { isEnded } from '../../shared/states.ts';
import { unreachable } from '../../shared/result.ts';
import type { Container } from '../engine/engine.ts';
import type { Intent, JobRecord } from '../store/records.ts';
import type { GangView } from './gangs/gang.ts';
import type { WatchWanted } from './watch/watch-view.ts';

export const stepNames = [
  'pullImage',
  'prepareWorkspace',
  'buildEnvironment',
  'takeRerun',
  'claimGpus',
  'noteReady',
  'takeBack',
  'createContainer',
  'confirmGpus',
  'startContainer',
  'noteRunning',
  'noteStopping',
  'followLog',
  'warn',
  'expire',
  'noteRerun',
  'beginRerun',
  'endRerun',
  'killRerun',
  'retire',
  'terminate',
  'kill',
  'giveUp',
  'readEnd',
  'collectLog',
  'settleArtifacts',
  'finish',
  'removeContainer',
  'discard',
] as const;
export type StepName = (typeof stepNames)[number];

export type Decision = { do: StepName } | { do: 'wait'; until: number | null };

/** What was seen of the attempt just now. */
export interface Seen {
  now: number;
  container: Container | null;
  imageReady: boolean;
  workspaceReady: boolean;
  /** this process has seen the image that it starts from, with what its environment adds; absent: it has none */
  environmentReady?: boolean;
  /** this process has claimed its GPUs, or it has none */
  gpusClaimed: boolean;
  /** this process has seen that nobody else has them since this very container was made, or it has none */
  gpusConfirmed: boolean;
  /** this process takes the job's output, or has taken it to its end */
  recording: boolean;
  /** when that ended by itself; null: it goes on */
  recordingEndedAt: number | null;
  /** the engine was told to start it by this process, or long enough ago that an earlier daemon's request is no longer under way */
  startSettled: boolean;
  /** what its script left in the state folder; `started` null: it has no script that could tell */
  left: { started: boolean | null; exitCode: number | null };
  /** how long its container has run, how long ago it got SIGTERM and SIGKILL (ms); by a clock that is never set. 0: not at all */
  ranFor: number;
  /** how long it built its environment (ms), which counts like running; absent: not at all */
  builtFor?: number;
  terminatedFor: number;
  killedFor: number;
}

export interface Wanted {
  intent: Intent | null;
  /** seconds */
  gracePeriod: number;
  maxDuration: number | null;
  warningPeriod: number;
  /** the other nodes of its run; none: it is alone */
  gang?: GangView | null;
  /** what its watch wants; none: it is no watch */
  watch?: WatchWanted | null;
}

const step = (name: StepName): Decision => ({ do: name });
const waitUntil = (until: number | null): Decision => ({ do: 'wait', until });

/** How long after SIGKILL the engine is asked again (ms). */
const killAgainAfter = 5_000;
/** How long after the end of its output a container may still be said to run (ms). */
const followAgainAfter = 1_000;
/** How long an unsettled start is given before it is looked at again (ms). */
const settleCheck = 250;

export function plan(job: JobRecord, wanted: Wanted, seen: Seen): Decision {
  const { state } = job;
  if (isEnded(state.status) || state.status === 'interrupted') return seen.container ? step('removeContainer') : step('discard');
  switch (state.status) {
    case 'queued':
      if (job.progress.end) return closing(job, wanted);
      return wanted.intent || wanted.gang?.over ? unrun(job, wanted) : waitUntil(null);
    case 'preparing':
      return whilePreparing(job, wanted, seen);
    case 'running':
    case 'stopping':
      return whileRunning(job, wanted, seen);
    default:
      return unreachable(state as never);
  }
}

function whilePreparing(job: JobRecord, wanted: Wanted, seen: Seen): Decision {
  const { progress } = job;
  const { container } = seen;
  if (progress.end) return closing(job, wanted);
  if (container?.state.status === 'running') return step('noteRunning');
  if (container?.state.status === 'exited') return step('readEnd');
  const mayHaveRun = progress.startIntent !== null && seen.left.started !== false;
  if (container === null && mayHaveRun) return step('readEnd');
  if (progress.startIntent !== null && !seen.startSettled) return waitUntil(seen.now + settleCheck);
  // where it would only make room, too: back in the queue it has
  if (wanted.gang?.takenBack && wanted.intent === null) return step('takeBack');
  const { watch } = wanted;
  // nothing of it ran: the very same one waits again
  if (watch && !wanted.intent && job.progress.preempted && progress.startIntent === null) return step('takeBack');
  if (endOf(job, wanted)) return unrun(job, wanted);
  if (watch?.held) return whileHeld(wanted, seen);
  if (watch?.take && progress.startIntent === null) return step('takeRerun');
  if (wanted.maxDuration !== null && (seen.builtFor ?? 0) >= wanted.maxDuration * 1000) return step('expire');
  if (container === null) {
    if (!seen.imageReady) return step('pullImage');
    if (!seen.workspaceReady) return step('prepareWorkspace');
    if (seen.environmentReady === false) return step('buildEnvironment');
    if (!seen.gpusClaimed) return step('claimGpus');
    return begin(job, wanted, 'createContainer');
  }
  if (!seen.workspaceReady) return step('prepareWorkspace');
  return seen.gpusConfirmed ? begin(job, wanted, 'startContainer') : step('confirmGpus');
}

/** A watch that waits for a change without a container keeps its place as long as it may run, and as long as it may do nothing. */
function whileHeld({ maxDuration, watch }: Wanted, { ranFor, now }: Seen): Decision {
  const left = Math.min(maxDuration === null ? Infinity : maxDuration * 1000 - ranFor, watch?.heldLeft ?? Infinity);
  return left <= 0 ? step('expire') : waitUntil(left === Infinity ? null : now + left);
}

/** A step that a node takes only when the others can follow. */
function begin({ job, progress }: JobRecord, { gang }: Wanted, name: StepName): Decision {
  if (!gang) return step(name);
  if ((progress.ready ?? null) === null) return step('noteReady');
  // the others join the network of the master's container, which it has while it runs
  return gang.ready && (job === 0 || gang.master !== 'not yet') ? step(name) : waitUntil(null);
}

function whileRunning(job: JobRecord, wanted: Wanted, seen: Seen): Decision {
  const { state, progress } = job;
  if (progress.end) return closing(job, wanted);
  if (seen.container?.state.status !== 'running') return step('readEnd');
  if (!seen.recording) return step('followLog');
  // the engine closes the output a moment before it says that the container has ended; otherwise the connection was lost
  const followAt = seen.recordingEndedAt === null ? null : seen.recordingEndedAt + followAgainAfter;
  if (followAt !== null && seen.now >= followAt) return step('followLog');
  const wait = (until: number | null): Decision => waitUntil(followAt === null ? until : Math.min(followAt, until ?? followAt));
  const after = (ms: number): Decision => wait(seen.now + ms);
  const how = endOf(job, wanted);
  if (!how) {
    const next = wanted.watch?.next ?? null;
    if (next && next.do !== 'wait') return step(next.do);
    return limited(job, wanted, seen.ranFor + (seen.builtFor ?? 0), after, next?.ms == null ? wait(null) : after(next.ms));
  }
  // a watch goes on in its next container
  if (state.status === 'running' && !isRetired(job, wanted)) return step('noteStopping');
  if (progress.killedAt !== null) return seen.killedFor >= killAgainAfter ? step('kill') : after(killAgainAfter - seen.killedFor);
  if (how === 'abort') return step('kill');
  if (progress.terminatedAt === null) return step('terminate');
  const grace = wanted.gracePeriod * 1000 - seen.terminatedFor;
  return grace <= 0 ? step('kill') : after(grace);
}

/** How the attempt shall end; null: it may go on. Somebody's word counts more than the scheduler's, and than another node's failure. */
export const endOf = (job: JobRecord, wanted: Pick<Wanted, 'intent' | 'gang'>): Intent['how'] | null =>
  wanted.intent?.how ?? (job.progress.preempted || job.progress.retired || wanted.gang?.over ? 'stop' : null);

const isRetired = ({ progress }: JobRecord, { intent }: Wanted): boolean =>
  progress.retired !== undefined && intent === null && !progress.preempted;

/** One that runs, under its max_duration: it is warned, and then stopped. `ranFor`: with what its environment took. */
function limited(job: JobRecord, wanted: Wanted, ranFor: number, after: (ms: number) => Decision, goOn: Decision): Decision {
  if (wanted.maxDuration === null) return goOn;
  const limit = wanted.maxDuration * 1000;
  const own = wanted.watch?.next;
  const sooner = (ms: number): Decision => after(own?.do === 'wait' && own.ms !== null ? Math.min(ms, own.ms) : ms);
  if (ranFor >= limit) return step('expire');
  const warnAt = limit - Math.min(wanted.warningPeriod * 1000, limit / 2);
  if (job.progress.warnedAt) return sooner(limit - ranFor);
  return ranFor >= warnAt ? step('warn') : sooner(warnAt - ranFor);
}

/** The end of an attempt that never ran: it has nothing to keep but what earlier ones saved. */
const unrun = (job: JobRecord, { gang }: Wanted): Decision =>
  step(gang ? 'giveUp' : job.attempt > 1 && !job.progress.settled ? 'settleArtifacts' : 'finish');

function closing(job: JobRecord, { gang }: Wanted): Decision {
  if (job.progress.log === null) return step('collectLog');
  // whether another attempt follows hangs on all of them
  if (gang && !gang.ended) return waitUntil(null);
  if (!job.progress.settled) return step('settleArtifacts');
  return gang && !gang.closed ? waitUntil(null) : step('finish');
}
