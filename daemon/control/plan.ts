/**
 * What to do next for one attempt of a job. Pure: (wanted, observed) → one step; the driver runs it and looks again, so that a restart or a
 * lost event heals by itself.
 *
 *   queued ──────────────────────────────────────────────┐ stop asked for
 *     │ the scheduler places it                          │
 *   preparing: pullImage → prepareWorkspace → createContainer → startContainer ──┐ cannot be had
 *     │ the container runs                               │                       │
 *   running: followLog (after a restart), expire         │                       │
 *     │            │ stop asked for                      │                       │
 *     │          stopping: terminate → grace → kill      │                       │
 *     │            │                                     │                       │
 *   the container is not running any more: readEnd → collectLog → settleArtifacts┤
 *     └────────────┴─────────────────────────────────────┴── finish ─ done | failed | stopped | aborted (or queued again)
 *                                                               └─ removeContainer → discard (volume, workspace, state folder)
 *
 * A container is removed only after its exit code, its complete log and its artifacts are recorded.
 */
import { isEnded } from '../../shared/states.ts';
import { unreachable } from '../../shared/result.ts';
import type { Container } from '../engine/engine.ts';
import type { Intent, JobRecord } from '../store/records.ts';

export const stepNames = [
  'pullImage',
  'prepareWorkspace',
  'createContainer',
  'startContainer',
  'noteRunning',
  'noteStopping',
  'followLog',
  'expire',
  'terminate',
  'kill',
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
  /** this process takes the job's output, or has taken it to its end */
  recording: boolean;
  /** when that ended by itself; null: it goes on */
  recordingEndedAt: number | null;
  /** the engine was told to start it by this process, or long enough ago that an earlier daemon's request is no longer under way */
  startSettled: boolean;
  /** what its script left in the state folder; `started` null: it has no script that could tell */
  left: { started: boolean | null; exitCode: number | null };
}

export interface Wanted {
  intent: Intent | null;
  /** seconds */
  gracePeriod: number;
  maxDuration: number | null;
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
      return wanted.intent ? step('finish') : waitUntil(null);
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
  if (progress.end) return closing(job);
  if (container?.state.status === 'running') return step('noteRunning');
  if (container?.state.status === 'exited') return step('readEnd');
  const mayHaveRun = progress.startIntent !== null && seen.left.started !== false;
  if (container === null && mayHaveRun) return step('readEnd');
  if (progress.startIntent !== null && !seen.startSettled) return waitUntil(seen.now + settleCheck);
  if (wanted.intent) return step('finish');
  if (container === null) {
    if (!seen.imageReady) return step('pullImage');
    if (!seen.workspaceReady) return step('prepareWorkspace');
    return step('createContainer');
  }
  return seen.workspaceReady ? step('startContainer') : step('prepareWorkspace');
}

function whileRunning(job: JobRecord, wanted: Wanted, seen: Seen): Decision {
  const { state, progress } = job;
  if (progress.end) return closing(job);
  if (seen.container?.state.status !== 'running') return step('readEnd');
  if (!seen.recording) return step('followLog');
  // the engine closes the output a moment before it says that the container has ended; otherwise the connection was lost
  const followAt = seen.recordingEndedAt === null ? null : seen.recordingEndedAt + followAgainAfter;
  if (followAt !== null && seen.now >= followAt) return step('followLog');
  const wait = (until: number | null): Decision => waitUntil(followAt === null ? until : Math.min(followAt, until ?? followAt));
  const startedAt = seen.container.state.startedAt;
  const { intent } = wanted;
  if (!intent) {
    const end = wanted.maxDuration === null ? null : startedAt + wanted.maxDuration * 1000;
    return end !== null && seen.now >= end ? step('expire') : wait(end);
  }
  if (state.status === 'running') return step('noteStopping');
  if (progress.killedAt !== null) {
    const again = progress.killedAt + killAgainAfter;
    return seen.now >= again ? step('kill') : wait(again);
  }
  if (intent.how === 'abort') return step('kill');
  if (progress.terminatedAt === null) return step('terminate');
  const end = progress.terminatedAt + wanted.gracePeriod * 1000;
  // a clock that was set back does not prolong the grace
  return seen.now >= end || seen.now < progress.terminatedAt ? step('kill') : wait(end);
}

function closing(job: JobRecord): Decision {
  if (job.progress.log === null) return step('collectLog');
  if (!job.progress.settled) return step('settleArtifacts');
  return step('finish');
}
