/**
 * Measures what the jobs that run use: every few seconds, only while any runs, one row for each goes into the store. Nothing is kept in memory but
 * the last reading of each: a daemon that was killed goes on with the next.
 *
 * INVARIANTS: one round at a time, and each call to the engine and the host has a deadline, so that one that hangs costs a value, never a round.
 */
import { messageOf } from '../../shared/result.ts';
import { formatDuration } from '../../shared/units.ts';
import { containerName } from '../control/names.ts';
import type { Engine } from '../engine/engine.ts';
import type { Host, HostFacts } from '../hosts/host.ts';
import type { Logger } from '../logger.ts';
import type { JobRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { downsample } from './downsample.ts';
import { gpuSamples } from './gpu-samples.ts';
import { createSeries, type Series } from './series.ts';

export interface Meter {
  /** an attempt runs now: measuring begins, if it is not under way */
  wake(): void;
  /** since when (ms) its GPUs have done nothing; null: they have, or that is not long ago, or it has none */
  idleGpuSince(job: JobRecord): number | null;
  /** a number that grows while one of its GPUs does something */
  gpuWork(job: Pick<JobRecord, 'runId' | 'job' | 'attempt'>): number;
  /** product name of a GPU (UUID) that was seen in use; null: not seen */
  gpuName(uuid: string): string | null;
  /** makes what is old coarser */
  tidy(): Promise<void>;
  /** resolves when nothing is under way any more, after the signal */
  finished(): Promise<void>;
}

export interface MeterParts {
  installation: string;
  store: Store;
  engine: Pick<Engine, 'stats'>;
  host: Pick<Host, 'facts'>;
  logger: Logger;
  signal: AbortSignal;
  now(): number;
  /** seconds between two samples, and between two readings of the GPUs */
  sampleEvery(): number;
  readEvery(): number;
  /** the run was idle for as long as its idle_timeout allows; `detail` says so */
  stopIdle(runId: number, detail: string): void;
}

/** GPUs that have done nothing for this long (ms) are worth a word. */
const idleHintAfter = 30 * 60_000;
/** How long the engine and the host may take to answer (ms). */
const patience = 3_000;
/** How often old samples are looked at (ms). */
const tidyEvery = 60_000;

type Running = JobRecord & { state: Extract<JobRecord['state'], { status: 'running' }> };
interface Measured {
  job: Running;
  series: Series;
}

export function createMeter(parts: MeterParts): Meter {
  const { store, signal, now } = parts;
  let known = new Map<string, Series>();
  let names = new Map<string, string>();
  let measuring: Promise<void> | null = null;
  let pending: Promise<unknown> | null = null;
  let asked = false;
  let tidiedAt = -Infinity;
  let doneAt = 0;
  let said = '';

  const attempts = (): Running[] =>
    store.jobs.placed().filter((job): job is Running => job.state.status === 'running' && job.progress.end === null);

  /** The host's facts, or null when it does not say them in time; it is not asked again while it still thinks. */
  const facts = async (): Promise<HostFacts | null> => {
    if (pending) return null;
    const asked = parts.host.facts();
    const settled = asked.catch(() => null).finally(() => (pending = null));
    pending = settled;
    const late = deadline(patience);
    return Promise.race([settled, late.passed]).finally(late.clear);
  };

  const take = (job: Running): Measured => {
    const id = keyOf(job);
    const series = known.get(id) ?? createSeries(store, job, store.runs.byId(job.runId), now(), parts.sampleEvery() * 1000);
    known.set(id, series);
    return { job, series };
  };

  const measure = async (running: Measured[]): Promise<void> => {
    // a reading may be as old as the last round, and that round as old as a reading
    const freshFrom = now() - 2.5 * Math.max(parts.sampleEvery(), parts.readEvery()) * 1000;
    const withGpus = running.some(({ job }) => job.state.gpus.length > 0);
    const ask = ({ job, series }: Measured) => parts.engine.stats(containerName(parts.installation, series.run, job), patience);
    const [host, stats] = await Promise.all([
      withGpus ? facts() : null,
      Promise.all(running.map((one) => ask(one).catch(() => undefined))),
    ]);
    const at = now();
    if (host) names = new Map(host.gpus.map((gpu) => [gpu.uuid, gpu.name]));
    const samples = running.flatMap(({ job, series }, index) => {
      const { gpus, startedAt } = job.state;
      const sample = series.next(at, stats[index], gpuSamples(gpus, host, startedAt, freshFrom));
      return sample ? [sample] : [];
    });
    if (samples.length > 0) store.transaction(() => samples.forEach((sample) => store.samples.put(sample)));
  };

  /** Runs of which every job that runs has been idle for too long. */
  const stopIdle = (running: Measured[]): void => {
    for (const [runId, jobs] of Map.groupBy(running, ({ job }) => job.runId)) {
      const limit = jobs[0]?.series.idleTimeout ?? null;
      if (limit === null || !jobs.every(({ series }) => series.idleFor() >= limit * 1000)) continue;
      const gpus = jobs.reduce((sum, { job }) => sum + job.state.gpus.length, 0);
      const what = gpus === 0 ? 'used no CPU' : `left its GPU${gpus === 1 ? '' : 's'} idle`;
      parts.stopIdle(runId, `${what} for ${formatDuration(limit)} (idle_timeout)`);
    }
  };

  const loop = async (): Promise<void> => {
    for (;;) {
      asked = false;
      const running = attempts().map(take);
      known = new Map(running.map(({ job, series }) => [keyOf(job), series]));
      if (running.length === 0 || signal.aborted) return;
      const began = performance.now();
      try {
        await measure(running);
        stopIdle(running);
        if (performance.now() - tidiedAt > tidyEvery) await tidy();
        said = '';
      } catch (error) {
        // a disk that is full, mostly; once, however often it is tried
        if (messageOf(error) !== said) parts.logger.warn({ error: messageOf(error) }, 'measuring failed');
        said = messageOf(error);
      }
      const late = deadline(parts.sampleEvery() * 1000 - (performance.now() - began));
      signal.addEventListener('abort', late.end, { once: true });
      await late.passed;
      signal.removeEventListener('abort', late.end);
    }
  };

  const tidy = async (): Promise<void> => {
    tidiedAt = performance.now();
    const at = now();
    // a clock that was set back: from the beginning
    const before = at >= doneAt ? doneAt : 0;
    while (!signal.aborted && downsample(store, at, before)) await new Promise((resolve) => setImmediate(resolve));
    doneAt = at;
  };

  const wake = (): void => {
    asked = true;
    if (measuring || signal.aborted) return;
    measuring = loop()
      .catch((error: unknown) => parts.logger.error({ error: messageOf(error) }, 'measuring ended'))
      .finally(() => {
        measuring = null;
        // while it was about to end
        if (asked) wake();
      });
  };

  return {
    wake,
    idleGpuSince(job) {
      if (job.state.status !== 'running' || job.state.gpus.length === 0) return null;
      const series = known.get(keyOf(job));
      return series && series.idleFor() >= idleHintAfter ? series.idleSince() : null;
    },
    gpuWork: (job) => known.get(keyOf(job))?.gpuWork() ?? 0,
    gpuName: (uuid) => names.get(uuid) ?? null,
    tidy,
    finished: async () => void (await measuring),
  };
}

const keyOf = (job: Pick<JobRecord, 'runId' | 'job' | 'attempt'>): string => `${job.runId}-${job.job}-${job.attempt}`;

function deadline(ms: number): { passed: Promise<null>; end: () => void; clear: () => void } {
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), Math.max(0, ms));
  const clear = (): void => clearTimeout(timer);
  return { passed: promise, clear, end: () => (clear(), resolve(null)) };
}
