/**
 * The control loop (DESIGN §3): a driver for every attempt with anything left to do, a scheduler that places those that wait, and a sweep that
 * removes what nobody needs.
 *
 * INVARIANTS: only drivers change the state of an attempt after `queued`, only the scheduler moves it from `queued` to `preparing`; both in
 * transactions of the store. Everything in memory can be lost at any instant.
 */
import { messageOf } from '../../shared/result.ts';
import type { WatchView } from '../../shared/api.ts';
import type { StopHow } from '../../shared/states.ts';
import type { Host } from '../hosts/host.ts';
import type { JobRecord } from '../store/records.ts';
import { idleHint } from '../metrics/idle-hint.ts';
import { createChanges, type Changes } from './changes.ts';
import { driveAttempt, type Driver } from './driver.ts';
import { attemptId, containerName } from './names.ts';
import type { ControlParts } from './parts.ts';
import { createScheduling, type Scheduling } from './queue/scheduling.ts';
import { sweep } from './sweep.ts';
import type { RerunRequest } from './watch/request-rerun.ts';
import { createWatches, type WatchNews } from './watch/watches.ts';

export interface Control extends Pick<Scheduling, 'reschedule' | 'position' | 'explain' | 'order' | 'hosts' | 'holders' | 'gpuStates'> {
  changes: Changes;
  /** takes up what an earlier daemon left: everything that has a host, or shall end */
  adoptOpen(): void;
  /** writes down that a run shall end, and sees to it */
  requestEnd(runId: number, how: StopHow): void;
  /** ends a run that did nothing, or that nobody used, for as long as it says; `detail` says so. What somebody asked for before stands */
  endByItself(runId: number, reason: 'idle_timeout' | 'inactivity', detail: string): void;
  /** the next attempt of a watch; returns its number, null: the run is no watch, or is about to end */
  requestRerun(runId: number, request: RerunRequest): number | null;
  /** ends the attempt of a watch that runs, and the watch goes on; returns its number, null: nothing runs */
  stopAttempt(runId: number): number | null;
  /** what its user should know of how it watches, or of a change that led to nothing; null: nothing (any more) */
  watchNotice(runId: number, text: string | null): void;
  /** who sees the changes */
  watchSees(runId: number, sees: WatchView['sees']): void;
  /** what was told of a watch in this process */
  watchNews(runId: number): WatchNews;
  /** wakes all drivers: the engine came or went */
  wakeAll(): void;
  wakeContainer(name: string): void;
  /** why it waits, or what it is doing now; null: nothing to say */
  doing(job: JobRecord): string | null;
  /** the name of an attempt's container */
  container(job: JobRecord): string;
  /** resolves when all drivers have let go, after the signal */
  finished(): Promise<void>;
}

/** How often everything is looked at again without a reason, so that a lost event heals (ms). */
const lookAgainEvery = 30_000;

export function createControl(parts: ControlParts, host: Host): Control {
  const drivers = new Map<string, Driver>();
  const byContainer = new Map<string, Driver>();
  const changes = createChanges();

  const nameOf = (job: JobRecord): string => containerName(parts.installation, parts.store.runs.byId(job.runId)?.name ?? '', job);

  const adopt = (job: JobRecord): Driver | null => {
    const id = attemptId(job);
    const known = drivers.get(id);
    if (known || parts.signal.aborted) return known ?? null;
    const driver = driveAttempt(parts, job, {
      changed: () => changes.notify(job.runId),
      reschedule: () => scheduling.reschedule(),
      follow: (next) => void adopt(next),
      others: (tell) => otherNodes(job).forEach(tell),
    });
    const name = nameOf(job);
    drivers.set(id, driver);
    byContainer.set(name, driver);
    const done = (): void => {
      drivers.delete(id);
      byContainer.delete(name);
      if (drivers.size === 0) parts.idle();
    };
    void driver.finished.then(done, done);
    return driver;
  };

  /** Those of the nodes of its attempt that are driven too. */
  const otherNodes = ({ runId, job: own, attempt }: JobRecord): Driver[] =>
    (parts.store.runs.byId(runId)?.spec.jobs ?? []).flatMap((_, job) =>
      job === own ? [] : (drivers.get(attemptId({ runId, job, attempt })) ?? []),
    );

  const scheduling = createScheduling(parts, host, {
    // one that makes room does not hold it until its image is here
    wake: (job) => (job.progress.preempted ? adopt(job)?.interrupt() : adopt(job)?.wake()),
    changed: (runId) => changes.notify(runId),
  });

  /** One that only waits needs nobody to drive it: there may be thousands. */
  const adoptOpen = (): void => {
    const intended = parts.store.runs.intended();
    const open = parts.store.jobs.open();
    // a node that waits again may have to end with those that do not yet
    const placed = new Set(open.filter((job) => job.state.status !== 'queued').map(({ runId, attempt }) => `${runId}-${attempt}`));
    for (const job of open) if (placed.has(`${job.runId}-${job.attempt}`) || intended.has(job.runId)) adopt(job);
  };

  const watches = createWatches(parts, {
    wake: (job) => adopt(job)?.wake(),
    changed: (runId) => changes.notify(runId),
    reschedule: () => scheduling.reschedule(),
  });

  const wakeAll = (): void => drivers.forEach((driver) => driver.wake());

  const timer = setInterval(() => {
    if (parts.store.jobs.anyOpen()) {
      adoptOpen();
      wakeAll();
      scheduling.reschedule();
    }
    void sweep(parts).catch((error: unknown) => parts.logger.info({ error: messageOf(error) }, 'sweep failed'));
  }, lookAgainEvery);
  parts.signal.addEventListener('abort', () => clearInterval(timer), { once: true });

  return {
    ...scheduling,
    ...watches,
    watchNews: (runId) => ({ ...watches.watchNews(runId), grace: parts.config.gracePeriod }),
    changes,
    adoptOpen,
    requestEnd(runId, how) {
      const run = parts.store.runs.byId(runId);
      // an abort may follow a stop, nothing follows an abort
      if (!run) return;
      const stands = run.intent?.how === 'abort' || run.intent?.how === how;
      if (!stands) parts.store.runs.setIntent(runId, { how, at: parts.now(), reason: null });
      for (const job of parts.store.jobs.ofRun(runId)) if (job.open) adopt(job)?.interrupt();
      scheduling.reschedule();
    },
    endByItself(runId, reason, detail) {
      const run = parts.store.runs.byId(runId);
      if (!run || run.intent) return;
      parts.store.transaction(() => {
        const at = parts.now();
        parts.store.audit.add({ at, user: 'daemon', action: 'stop', run: run.name, owner: run.user, detail });
        parts.store.runs.setIntent(runId, { how: 'stop', at, reason, detail });
      });
      for (const job of parts.store.jobs.ofRun(runId)) if (job.open) adopt(job)?.wake();
    },
    wakeAll,
    wakeContainer: (name) => byContainer.get(name)?.wake(),
    doing: (job) =>
      job.state.status === 'queued'
        ? scheduling.reason(job.runId)
        : (drivers.get(attemptId(job))?.live.doing ?? parts.activity.hint(job) ?? idleHint(parts.meter, job, parts.now())),
    container: nameOf,
    async finished() {
      await Promise.all([...drivers.values()].map((driver) => driver.finished));
      await scheduling.settled();
    },
  };
}
