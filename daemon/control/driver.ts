import { messageOf } from '../../shared/result.ts';
import { diskFull, isDiskFull } from '../store/full-disk.ts';
import { EngineError, type Container } from '../engine/engine.ts';
import { attemptOf, freshLive, specOf, type Attempt, type Live } from './attempt.ts';
import { builtFor } from './builds/build-time.ts';
import { hasEndedCleanly } from './clean-end.ts';
import { faultPoint } from './faults.ts';
import { createLook } from './look.ts';
import { orOutputEnds } from './or-output-ends.ts';
import { gangView, isGang, nodesOf } from './gangs/gang.ts';
import type { ControlParts } from './parts.ts';
import { plan, type Seen } from './plan.ts';
import { steps } from './steps/steps.ts';
import type { JobRecord } from '../store/records.ts';
import { watchWanted } from './watch/watch-view.ts';

export interface Driver {
  /** something may have changed: look again */
  wake(): void;
  /** somebody wants the run to end: gives up a pull under way, then looks again */
  interrupt(): void;
  live: Live;
  /** resolves when nothing is left to do for the attempt, or the daemon stops */
  finished: Promise<void>;
}

/** How long an earlier daemon's request to start may still be under way in the engine (ms). */
const settleTime = 2_000;

/**
 * Drives one attempt: observe → plan → act, until its last step is done. INVARIANTS: one driver per attempt and process; one step at a time;
 * every round begins with what the store and the engine say now.
 */
export function driveAttempt(
  parts: ControlParts,
  key: { runId: number; job: number; attempt: number },
  hooks: { changed(): void; reschedule(): void; follow(next: JobRecord): void; others(tell: (driver: Driver) => void): void },
): Driver {
  const live = freshLive();
  const look = createLook(parts.engine, live);
  const begunAt = parts.now();
  let alarm = Promise.withResolvers<void>();
  const wake = (): void => alarm.resolve();

  const sleep = async (until: number | null): Promise<void> => {
    const { promise } = alarm;
    look.forget();
    // setTimeout takes at most 24 days; waking earlier only means one look more
    const timer = until === null ? null : setTimeout(wake, Math.min(Math.max(0, until - parts.now()), 86_400_000));
    await promise;
    if (timer) clearTimeout(timer);
    alarm = Promise.withResolvers();
  };

  const round = async (): Promise<'go on' | 'finished' | { until: number | null }> => {
    const run = parts.store.runs.byId(key.runId);
    const job = parts.store.jobs.get(key.runId, key.job, key.attempt);
    if (!run || !job || !job.open) return 'finished';
    const attempt = attemptOf(parts.installation, run, job, live);
    const needsEngine = job.state.status !== 'queued';
    live.endedCleanly ||= await hasEndedCleanly(parts, attempt);
    // until its end is recorded: what has ended cleanly is as good as gone
    const ended = live.endedCleanly && job.state.status === 'running';
    const container = needsEngine && !ended ? await orOutputEnds(look.at(attempt.container), live) : null;
    if (container === 'output ended') return 'go on';
    const watch = await watchWanted(parts, attempt, container, wake);
    const gang = isGang(run) ? gangView(run, nodesOf(parts.store.jobs.ofRun(run.id), job.attempt)) : null;
    const decision = plan(
      job,
      {
        intent: run.intent,
        gracePeriod: parts.config.gracePeriod,
        maxDuration: run.spec.maxDuration,
        warningPeriod: parts.config.warningPeriod,
        gang,
        watch,
      },
      await observe(parts, attempt, container, begunAt, watch?.startedAt ?? gang?.startedAt ?? null),
    );
    if (decision.do === 'wait') return { until: decision.until };
    parts.logger.debug({ run: run.name, attempt: key.attempt, step: decision.do }, 'step');
    faultPoint('before', decision.do);
    await steps[decision.do]({ parts, attempt, container, wake, ...hooks });
    faultPoint('after', decision.do);
    look.after(decision.do);
    // what they wait for may be this; where it is the end of all, they give up what they are at
    if (gang) hooks.others((driver) => (!gang.over && job.progress.end?.problem ? driver.interrupt() : driver.wake()));
    return 'go on';
  };

  const loop = async (): Promise<void> => {
    let said = '';
    for (let pause = 100; !parts.signal.aborted;) {
      try {
        const next = await round();
        pause = 100;
        if (live.doing?.startsWith('trying again')) live.doing = null;
        if (next === 'finished') return;
        if (next !== 'go on') await sleep(next.until);
      } catch (error) {
        if (parts.signal.aborted) return;
        // nothing is decided on what could not be done: it is said, and tried again
        const unreachable = error instanceof EngineError && error.kind === 'unreachable';
        const full = isDiskFull(error);
        const expected = unreachable || full;
        const message = full ? diskFull(parts.home).message : messageOf(error);
        live.doing = `trying again: ${message}`;
        // once, however often it is tried
        if (message !== said) {
          const stack = expected ? {} : { stack: String((error as Error).stack) };
          parts.logger[expected ? 'info' : 'error']({ run: key.runId, error: message, ...stack }, 'step failed');
        }
        said = message;
        hooks.changed();
        await sleep(parts.now() + pause);
        pause = Math.min(pause * 2, 5_000);
      }
    }
  };

  parts.signal.addEventListener('abort', wake, { once: true });
  const finished = loop().finally(() => {
    live.watch?.hears?.close();
    parts.signal.removeEventListener('abort', wake);
  });
  return {
    wake,
    interrupt: () => {
      live.interrupt?.abort();
      wake();
    },
    live,
    finished,
  };
}

/** `startedAt`: of the first node, where there are several: all have the same time. */
async function observe(
  parts: ControlParts,
  attempt: Attempt,
  container: Container | null,
  begunAt: number,
  startedAt: number | null,
): Promise<Seen> {
  const { live, job } = attempt;
  const hasScript = specOf(attempt).start.kind === 'script';
  const left = container === null && job.progress.startIntent !== null ? await parts.states.read(attempt.id) : null;
  const noGpus = !('gpus' in job.state) || job.state.gpus?.length === 0;
  const now = parts.now();
  // a watch goes on between its containers
  const ranSince =
    container?.state.status === 'running' ? (startedAt ?? container.state.startedAt) : attempt.run.spec.watch ? startedAt : null;
  return {
    now,
    container,
    imageReady: live.image !== null,
    workspaceReady: live.workspace !== null,
    environmentReady: !specOf(attempt).environment || live.environment !== null,
    gpusClaimed: noGpus || live.claimed,
    gpusConfirmed: noGpus || live.confirmed === container?.id,
    recording: live.recording !== null,
    recordingEndedAt: live.recording?.endedAt ?? null,
    startSettled: live.startSettled || now - begunAt > settleTime,
    ranFor: live.since('start', ranSince, now),
    builtFor: builtFor(attempt, now),
    terminatedFor: live.since('terminate', job.progress.terminatedAt, now),
    killedFor: live.since('kill', job.progress.killedAt, now),
    left: { started: hasScript ? (left?.started ?? false) : null, exitCode: left?.exitCode ?? live.exitCode },
  };
}
