/**
 * Watches the dev environments that have an `inactivity_duration`: a look now and then while one runs, nothing when none does.
 *
 *   look ─ in use ───────────────────────────────┐
 *    ▲     left alone ─ for nearly so long ─ warned ─ for so long ─ its end is requested
 *    └──────────┴───── somebody is back ─────────┘
 *
 * INVARIANT: nothing is kept but in memory. Another daemon knows nothing of what was before it, so it begins anew: an environment may live longer than was
 * said, never shorter.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../shared/result.ts';
import { formatDuration } from '../../shared/units.ts';
import { containerName } from '../control/names.ts';
import type { Logger } from '../logger.ts';
import type { Logs } from '../logs/logs.ts';
import type { JobRecord, RunRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { decide, limitsOf, tick, type IdleClock, type Limits, type Reading } from './idle-clock.ts';
import { probe, type Environment, type ProbeEngine } from './probe.ts';
import { hintText, warningText } from './words.ts';

export interface Activity {
  /** an attempt runs: if its run has an `inactivity_duration`, it is watched until it does not run any more */
  watch(run: RunRecord, job: JobRecord): void;
  /** watches all that run now, after a start */
  adopt(): void;
  /** what `ps` says of one that was warned; null: nothing */
  hint(job: JobRecord): string | null;
  /** resolves when nothing is under way any more, after the signal */
  finished(): Promise<void>;
}

export interface ActivityParts {
  installation: string;
  store: Pick<Store, 'runs' | 'jobs'>;
  engine: ProbeEngine;
  logs: Pick<Logs, 'note'>;
  logger: Logger;
  signal: AbortSignal;
  /** the token of what a run serves; null: it has none, or it cannot be opened */
  tokenOf(run: RunRecord): string | null;
  /** a number that grows while a GPU of the job does something */
  gpuWork(job: JobRecord): number;
  /** nobody used the run for as long as its inactivity_duration; `detail` says so */
  end(runId: number, detail: string): void;
  /** what is said of the run is another now */
  changed(runId: number): void;
}

interface Watched {
  limits: Limits;
  clock: IdleClock | null;
  ended: Promise<void>;
}

export function createActivity(parts: ActivityParts): Activity {
  const { store, logger, signal } = parts;
  const watched = new Map<string, Watched>();

  /** It as it is now; null: it runs no more, or shall end. */
  const running = ({ runId, job, attempt }: JobRecord): { run: RunRecord; job: JobRecord } | null => {
    const now = store.jobs.get(runId, job, attempt);
    const run = store.runs.byId(runId);
    return now?.state.status === 'running' && run && !run.intent ? { run, job: now } : null;
  };

  const look = async (run: RunRecord, job: JobRecord): Promise<Reading | null> => {
    const environment = environmentOf(parts, run, job);
    const reading = environment && (await probe(parts.engine, environment));
    return reading && { ...reading, mark: `${reading.mark}\n${parts.gpuWork(job)}` };
  };

  const act = async (one: Watched, clock: IdleClock, job: JobRecord): Promise<void> => {
    switch (decide(clock, one.limits)) {
      case 'go on':
        return;
      case 'warn':
        one.clock = { ...clock, warned: true };
        parts.changed(job.runId);
        return parts.logs.note(job, warningText(clock, one.limits));
      case 'end':
        parts.end(job.runId, `nobody used it for ${formatDuration(one.limits.duration / 1000)} (inactivity_duration)`);
        one.clock = null;
    }
  };

  const round = async (one: Watched, { run, job }: { run: RunRecord; job: JobRecord }): Promise<void> => {
    const reading = await look(run, job);
    // it may have ended meanwhile
    if (reading === null || running(job) === null) return;
    const warned = one.clock?.warned ?? false;
    const clock = tick(one.clock, reading, one.limits);
    one.clock = clock;
    logger.debug({ run: run.name, use: reading.use, idle: Math.round(clock.idleFor) }, 'looked at');
    if (warned && !clock.warned) parts.changed(job.runId);
    await act(one, clock, job);
  };

  const follow = async (one: Watched, key: JobRecord): Promise<void> => {
    let said = '';
    for (let current = running(key); current !== null && !signal.aborted; current = running(key)) {
      await round(one, current).catch((error: unknown) => {
        // a look that fails (an engine that is away) says nothing; it is said once, however often it is tried
        if (messageOf(error) !== said) logger.info({ run: key.runId, error: messageOf(error) }, 'could not see whether it is used');
        said = messageOf(error);
      });
      await delay(one.limits.every, undefined, { signal }).catch(() => {});
    }
  };

  const watch = (run: RunRecord, job: JobRecord): void => {
    const id = keyOf(job);
    const seconds = run.spec.inactivityDuration ?? null;
    if (seconds === null || !run.spec.jobs[job.job]?.app || watched.has(id) || signal.aborted) return;
    const one: Watched = { limits: limitsOf(seconds), clock: null, ended: Promise.resolve() };
    watched.set(id, one);
    one.ended = follow(one, job)
      .catch((error: unknown) => logger.error({ run: run.name, error: messageOf(error) }, 'watching for inactivity ended'))
      .finally(() => watched.delete(id));
  };

  return {
    watch,
    adopt() {
      for (const job of store.jobs.placed()) {
        const run = job.state.status === 'running' ? store.runs.byId(job.runId) : null;
        if (run) watch(run, job);
      }
    },
    hint(job) {
      const one = job.state.status === 'running' ? watched.get(keyOf(job)) : undefined;
      return one?.clock?.warned ? hintText(one.clock, one.limits, performance.now()) : null;
    },
    async finished() {
      await Promise.all([...watched.values()].map(({ ended }) => ended));
    },
  };
}

const keyOf = ({ runId, job, attempt }: JobRecord): string => `${runId}-${job}-${attempt}`;

/** What is to be looked at; null: it is not published, or its token is not known. */
function environmentOf(parts: Pick<ActivityParts, 'installation' | 'tokenOf'>, run: RunRecord, job: JobRecord): Environment | null {
  const spec = run.spec.jobs[job.job];
  const inside = spec?.app ? spec.ports[spec.app.port]?.container : undefined;
  const published = job.progress.ports.find(({ container }) => container === inside);
  const token = parts.tokenOf(run);
  if (!spec?.app || !published || token === null) return null;
  return {
    container: containerName(parts.installation, run.name, job),
    app: spec.app.name,
    port: published,
    ports: job.progress.ports.map((port) => port.container),
    token,
  };
}
