import type { SampleRecord } from '../store/samples.ts';

/** Since when nothing was done, as far as is known; times in ms since 1970. */
export interface Idleness {
  /** null: at `knownTo` something was done, or nothing is known yet */
  since: number | null;
  /** the end of the last time of which anything is known */
  knownTo: number;
}

export const unknownIdleness: Idleness = { since: null, knownTo: -Infinity };

/** Percent of a GPU, and cores: what is not more counts as nothing. */
const idleGpu = 1;
const idleCpu = 0.01;

/** For longer than this (ms) nothing may be unknown within an idle time: a daemon that was away, an nvidia-smi that hangs. */
export const longestGap = 60_000;

type Timed = Pick<SampleRecord, 'cpu' | 'gpus' | 'at' | 'span'>;

/** Whether nothing was done; null: not known. A job with GPUs is idle when all of them are, whatever its CPUs do. */
export function isIdle(sample: Pick<SampleRecord, 'cpu' | 'gpus'>): boolean | null {
  if (sample.gpus.length === 0) return sample.cpu === null ? null : sample.cpu < idleCpu;
  if (sample.gpus.some((gpu) => gpu.utilization !== null && gpu.utilization > idleGpu)) return false;
  return sample.gpus.every((gpu) => gpu.utilization !== null) ? true : null;
}

/** What is known after one more sample, the next in time. */
export function idlenessAfter(before: Idleness, sample: Timed): Idleness {
  const idle = isIdle(sample);
  if (idle === null) return before;
  const end = sample.at + sample.span;
  if (!idle) return { since: null, knownTo: end };
  // a gap, or a clock that was set back
  const broken = sample.at - before.knownTo > longestGap || end < before.knownTo;
  return { since: broken || before.since === null ? sample.at : before.since, knownTo: end };
}

/** The same from all samples so far, the newest first; stops reading where it is known. */
export function idlenessOf(newestFirst: Iterable<Timed>): Idleness {
  const idle: Timed[] = [];
  for (const sample of newestFirst) {
    const known = isIdle(sample);
    if (known === null) continue;
    const next = idle.at(-1);
    idle.push(sample);
    if (!known || (next && next.at - (sample.at + sample.span) > longestGap)) break;
  }
  return idle.toReversed().reduce<Idleness>(idlenessAfter, unknownIdleness);
}
