/**
 * The control loop (DESIGN §3): a driver for every attempt with anything left to do, a scheduler that places those that wait, and a sweep that
 * removes what nobody needs.
 *
 * INVARIANTS: only drivers change the state of an attempt after `queued`, only the scheduler moves it from `queued` to `preparing`; both in
 * transactions of the store. Everything in memory can be lost at any instant.
 */
import { messageOf } from '../../shared/result.ts';
import type { StopHow } from '../../shared/states.ts';
import type { HostFacts } from '../hosts/host.ts';
import { schedule, type Capacity } from '../scheduler/schedule.ts';
import type { JobRecord } from '../store/records.ts';
import { createChanges, type Changes } from './changes.ts';
import { driveAttempt, type Driver } from './driver.ts';
import { attemptId } from './names.ts';
import type { ControlParts } from './parts.ts';
import { capacityOf } from './capacity.ts';
import { sweep } from './sweep.ts';

export interface Control {
  changes: Changes;
  /** takes up an attempt that is in the store */
  adopt(job: JobRecord): void;
  /** looks who can start now */
  reschedule(): void;
  /** writes down that a run shall end, and sees to it */
  requestEnd(runId: number, how: StopHow): void;
  /** wakes all drivers: the engine came or went */
  wakeAll(): void;
  wakeContainer(name: string): void;
  /** why it waits, or what it is doing now; null: nothing to say */
  doing(job: JobRecord): string | null;
  capacity(): Promise<Capacity>;
  /** resolves when all drivers have let go, after the signal */
  finished(): Promise<void>;
}

/** How often everything is looked at again without a reason, so that a lost event heals (ms). */
const lookAgainEvery = 30_000;
/** The same for a disk on which there was no room for another run. */
const lookForRoomEvery = 2_000;

export function createControl(parts: ControlParts, host: { facts(): Promise<HostFacts> }): Control {
  const drivers = new Map<string, Driver>();
  const changes = createChanges();
  let reasons = new Map<string, string>();
  let scheduling: Promise<void> | null = null;
  let again = false;
  let soon: NodeJS.Timeout | undefined;

  const adopt = (job: JobRecord): void => {
    const id = attemptId(job);
    if (drivers.has(id) || parts.signal.aborted) return;
    const driver = driveAttempt(parts, job, { changed: () => changes.notify(job.runId), reschedule });
    drivers.set(id, driver);
    const done = (): void => {
      drivers.delete(id);
      if (drivers.size === 0) parts.idle();
    };
    void driver.finished.then(done, done);
  };

  const adoptOpen = (): JobRecord[] => {
    const open = parts.store.jobs.open();
    open.forEach(adopt);
    return open;
  };

  const capacity = async (): Promise<Capacity> => capacityOf(await host.facts(), parts);

  const scheduleOnce = async (): Promise<void> => {
    const open = adoptOpen();
    const waiting = open.filter((job) => job.state.status === 'queued');
    clearTimeout(soon);
    if (waiting.length === 0) {
      reasons = new Map();
      return;
    }
    const now = await capacity();
    const runs = new Map(waiting.map((job) => [attemptId(job), parts.store.runs.byId(job.runId)]));
    const queue = waiting.flatMap((job) => {
      const run = runs.get(attemptId(job));
      const spec = run?.spec.jobs[job.job];
      if (!run || !spec || run.intent) return [];
      const { cpu, memory, gpu } = spec;
      return [{ id: attemptId(job), run: run.name, priority: run.spec.priority, submittedAt: run.submittedAt, cpu, memory, gpu }];
    });
    const result = schedule(queue, now);
    parts.store.transaction(() => {
      for (const placement of result.placements) {
        const known = waiting.find((candidate) => attemptId(candidate) === placement.id);
        const job = known && parts.store.jobs.get(known.runId, known.job, known.attempt);
        // a stop may have ended it while the host was asked
        if (job?.state.status !== 'queued') continue;
        job.state = { status: 'preparing', since: parts.now(), host: placement.host, gpus: placement.gpus };
        parts.store.jobs.update(job);
      }
    });
    reasons = result.reasons;
    // nobody tells when a disk has room again
    if (now.shortOfDisk !== null) soon = setTimeout(reschedule, lookForRoomEvery);
    for (const placement of result.placements) drivers.get(placement.id)?.wake();
    for (const job of waiting) changes.notify(job.runId);
  };

  /** One scheduling at a time; requests during one lead to one more. */
  const reschedule = (): void => {
    again = true;
    if (scheduling || parts.signal.aborted) return;
    scheduling = (async () => {
      while (again && !parts.signal.aborted) {
        again = false;
        await scheduleOnce().catch((error: unknown) => parts.logger.error({ error: messageOf(error) }, 'scheduling failed'));
      }
    })().finally(() => {
      scheduling = null;
    });
  };

  const wakeAll = (): void => drivers.forEach((driver) => driver.wake());

  const timer = setInterval(() => {
    if (parts.store.jobs.open().length > 0) {
      wakeAll();
      reschedule();
    }
    void sweep(parts).catch((error: unknown) => parts.logger.info({ error: messageOf(error) }, 'sweep failed'));
  }, lookAgainEvery);
  parts.signal.addEventListener('abort', () => (clearInterval(timer), clearTimeout(soon)), { once: true });

  return {
    changes,
    adopt,
    reschedule,
    requestEnd(runId, how) {
      const run = parts.store.runs.byId(runId);
      // an abort may follow a stop, nothing follows an abort
      if (!run) return;
      const stands = run.intent?.how === 'abort' || run.intent?.how === how;
      if (!stands) parts.store.runs.setIntent(runId, { how, at: parts.now(), reason: null });
      for (const job of parts.store.jobs.ofRun(runId)) drivers.get(attemptId(job))?.interrupt();
      reschedule();
    },
    wakeAll,
    wakeContainer(name) {
      // `…-<run>-<job>-<attempt>`: the driver of the attempt is found by the labels it put in the name
      for (const job of parts.store.jobs.open()) {
        const run = parts.store.runs.byId(job.runId);
        if (run && name.endsWith(`-${run.name}-${job.job}-${job.attempt}`)) drivers.get(attemptId(job))?.wake();
      }
    },
    doing: (job) =>
      job.state.status === 'queued' ? (reasons.get(attemptId(job)) ?? null) : (drivers.get(attemptId(job))?.live.doing ?? null),
    capacity,
    async finished() {
      await Promise.all([...drivers.values()].map((driver) => driver.finished));
      await scheduling;
    },
  };
}
