/**
 * Samples get coarser with age: as they were taken (every 5 s) for an hour, then one for each minute for a day, then one for ten minutes. One that
 * stands for several spans as much time as they did together, and its values are their means, weighted by their spans: the sum of value × span stays
 * what it was (where a value is not known for some of them, the mean is that of the others).
 */
import type { GpuSample, SampleRecord } from '../store/samples.ts';
import type { Store } from '../store/store.ts';

const minute = 60_000;

/** Samples older than `after` become one for each `width`, all in ms. */
const levels = [
  { after: 60 * minute, width: minute },
  { after: 24 * 60 * minute, width: 10 * minute },
] as const;

/** How many new samples are made in one transaction. */
const atOnce = 200;

/** One for several of an attempt (at least one), oldest first. */
export function merge(samples: readonly SampleRecord[]): SampleRecord {
  const [first] = samples;
  if (!first) throw new Error('there is nothing to merge');
  const mean = (value: (sample: SampleRecord) => number | null): number | null => {
    let [sum, span] = [0, 0];
    for (const sample of samples) {
      const known = value(sample);
      if (known === null) continue;
      sum += known * sample.span;
      span += sample.span;
    }
    return span === 0 ? null : sum / span;
  };
  const gpu = (index: number): GpuSample => ({
    utilization: mean((sample) => sample.gpus[index]?.utilization ?? null),
    memory: mean((sample) => sample.gpus[index]?.memory ?? null),
  });
  return {
    ...first,
    span: samples.reduce((sum, sample) => sum + sample.span, 0),
    cpu: mean((sample) => sample.cpu),
    memory: mean((sample) => sample.memory),
    gpus: Array.from({ length: Math.max(...samples.map((sample) => sample.gpus.length)) }, (_, index) => gpu(index)),
  };
}

/** One step of it; false: nothing is left to do at `now`, where everything was done at `doneAt` (both ms; 0: never). */
export function downsample(store: Pick<Store, 'samples' | 'transaction'>, now: number, doneAt: number): boolean {
  for (const { after, width } of levels) {
    // whole buckets only, so that each is merged once
    const boundary = (at: number): number => Math.max(0, Math.floor((at - after) / width) * width);
    // a merged one may be a little shorter than its bucket
    const crowded = store.samples.crowded(width, width / 2, boundary(doneAt), boundary(now), atOnce);
    if (crowded.length === 0) continue;
    store.transaction(() => {
      for (const { from, ...attempt } of crowded) store.samples.replace(attempt, from, from + width, merge);
    });
    return true;
  }
  return false;
}
