/**
 * What each user has used lately, for the fair share between them. An attempt that had g GPUs from s to f weighs, at the time t,
 *
 *   ∫ g · 2^(−(t − x)/h) dx  from s to f  =  g · h/ln 2 · (2^(−(t − f)/h) − 2^(−(t − s)/h))
 *
 * GPU-seconds, with the half-life h of one day: an hour of a GPU yesterday counts as half an hour today. One that goes on is counted up to
 * now. A job without GPUs counts as an eighth of one.
 */
import { attemptId } from '../names.ts';
import type { UsageSpan } from '../../store/usage.ts';
import type { Store } from '../../store/store.ts';

const day = 86_400_000;
const halfLife = day;
/** What is older than this weighs less than a hundredth. */
const window = 7 * day;
const weightWithoutGpus = 1 / 8;

/** How long the sum over what has ended is kept (ms): it decays by a factor, so that only what ended since is to be added. */
const keptFor = 30_000;
/** An attempt's row is written when its log and artifacts are safe: mostly within this time (ms) of its end. */
const writtenWithin = 10_000;

/** GPU-seconds of one attempt as they count at `now`; all times in ms. */
export function decayed(span: Omit<UsageSpan, 'user'>, now: number): number {
  const gpus = span.gpus === 0 ? weightWithoutGpus : span.gpus;
  // a clock that was set back makes nothing weigh more than it is
  const left = (at: number): number => 2 ** (-Math.max(0, now - at) / halfLife);
  const seconds = (Math.max(span.startedAt, span.finishedAt) - span.startedAt) / 1000;
  const integral = (gpus * halfLife * (left(span.finishedAt) - left(span.startedAt))) / Math.LN2 / 1000;
  return Math.max(0, Math.min(integral, gpus * seconds));
}

/** What each user has used lately, in GPU-seconds as they count at `now` (ms); who is not in it has used nothing. Cheap: asked at every decision. */
export type DecayedUsage = (now: number) => Map<string, number>;

export function createDecayedUsage(store: Pick<Store, 'usage' | 'jobs' | 'runs'>): DecayedUsage {
  let past: { at: number; until: number; sums: Map<string, number> } | null = null;
  /** attempts that had a container at the last look, and to when they were counted */
  let running = new Map<string, UsageSpan>();

  const sumPast = (now: number): NonNullable<typeof past> => {
    const until = now - writtenWithin;
    const sums = new Map<string, number>();
    for (const span of store.usage.spans(now - window)) if (span.finishedAt <= until) add(sums, span.user, decayed(span, now));
    return { at: now, until, sums };
  };

  const lookAtRunning = (now: number): Map<string, UsageSpan> => {
    const found = new Map<string, UsageSpan>();
    for (const job of store.jobs.placed()) {
      const { state, progress } = job;
      if (!('startedAt' in state) || state.startedAt === null || !('gpus' in state)) continue;
      const id = attemptId(job);
      const user = running.get(id)?.user ?? store.runs.byId(job.runId)?.user;
      if (user === undefined) continue;
      found.set(id, { user, gpus: state.gpus?.length ?? 0, startedAt: state.startedAt, finishedAt: progress.end?.finishedAt ?? now });
    }
    return found;
  };

  return (now) => {
    const before = running;
    running = lookAtRunning(now);
    const age = past ? now - past.at : Infinity;
    const late = past?.until ?? -Infinity;
    // one whose row was written only now, long after its end: it is neither in the sum nor among those that are added below
    const missed = before.entries().some(([id, span]) => !running.has(id) && span.finishedAt <= late);
    const known = past && age >= 0 && age < keptFor && !missed ? past : sumPast(now);
    past = known;
    const factor = 2 ** (-(now - known.at) / halfLife);
    const sums = new Map([...known.sums].map(([user, sum]) => [user, sum * factor]));
    for (const span of store.usage.spans(known.until)) add(sums, span.user, decayed(span, now));
    for (const span of running.values()) add(sums, span.user, decayed(span, now));
    return sums;
  };
}

const add = (sums: Map<string, number>, user: string, seconds: number): void => void sums.set(user, (sums.get(user) ?? 0) + seconds);
