import type { ContainerStats } from '../engine/engine.ts';
import type { JobRecord, RunRecord } from '../store/records.ts';
import type { GpuSample, SampleRecord } from '../store/samples.ts';
import type { Store } from '../store/store.ts';
import { idlenessAfter, idlenessOf, isIdle, longestGap } from './idle.ts';

/** The samples of one attempt as they come. */
export interface Series {
  /** name of the run */
  run: string;
  /** seconds */
  idleTimeout: number | null;
  /** since when it has been idle (ms since 1970); null: it is not */
  idleSince(): number | null;
  /** how long it has been (ms) */
  idleFor(): number;
  /** in how many samples of this process one of its GPUs did something */
  gpuWork(): number;
  /** The sample up to `at` (ms), from what the engine (undefined: no answer; null: it runs no more) and the host say; null: nothing to note down. */
  next(at: number, stats: ContainerStats | null | undefined, gpus: GpuSample[]): SampleRecord | null;
}

/** Takes an attempt up, at `now`: one that began just now is measured from its start, one that an earlier daemon measured from here on. */
export function createSeries(
  store: Pick<Store, 'samples'>,
  job: JobRecord & { state: { startedAt: number } },
  run: RunRecord | null,
  now: number,
  every: number,
): Series {
  const { runId, job: index, attempt } = job;
  const { startedAt } = job.state;
  // an earlier daemon's first sample begins at the start too, and stays
  const fresh = now - startedAt < 2 * every && now >= startedAt && !store.samples.any({ runId, job: index, attempt });
  let from = fresh ? startedAt : now;
  let counter: Pick<ContainerStats, 'at' | 'cpuNanos'> | null = fresh ? { at: startedAt, cpuNanos: 0 } : null;
  let gpuWork = 0;
  let idleness = idlenessOf(fresh ? [] : store.samples.newestFirst({ runId, job: index, attempt }));

  return {
    run: run?.name ?? '',
    idleTimeout: run?.spec.idleTimeout ?? null,
    idleSince: () => idleness.since,
    idleFor: () => (idleness.since === null ? 0 : idleness.knownTo - idleness.since),
    gpuWork: () => gpuWork,
    next(at, stats, gpus) {
      if (stats === null) return null;
      const cpu = stats && counter ? coresBetween(counter, stats) : null;
      const memory = stats?.memory ?? null;
      if (stats) counter = stats;
      const span = at - from;
      // a clock that was set, or a machine that slept: how long this was nobody knows
      if (span < 0 || span > every + longestGap) from = at;
      // the first look at it
      if (at - from < every / 2) return null;
      const unknown = cpu === null && memory === null && gpus.every((gpu) => gpu.utilization === null && gpu.memory === null);
      const sample = { runId, job: index, attempt, at: from, span, cpu, memory, gpus };
      from = at;
      if (unknown) return null;
      idleness = idlenessAfter(idleness, sample);
      if (gpus.length > 0 && isIdle(sample) === false) gpuWork++;
      return sample;
    },
  };
}

/** Cores in use between two readings of a counter; null: they cannot be compared. */
function coresBetween(before: Pick<ContainerStats, 'at' | 'cpuNanos'>, after: ContainerStats): number | null {
  const ms = after.at - before.at;
  return ms > 0 && after.cpuNanos >= before.cpuNanos ? (after.cpuNanos - before.cpuNanos) / 1e6 / ms : null;
}
