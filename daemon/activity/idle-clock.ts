/**
 * How long a dev environment has been left alone. Pure. The clock runs on evidence only:
 *
 *   a reading in which nothing is in use, after one like it and with nothing done between ─ the time between them counts
 *   any other reading, or none for too long ─ it begins anew
 *
 * So whenever it says `end`, nobody was seen at work in all of the time that was promised, and everybody was warned before. Times are milliseconds of a
 * clock that is never set.
 */

/** What one look at an environment shows; it took from `from` to `to`. */
export interface Reading {
  from: number;
  to: number;
  /** what is in use at this moment: `a kernel is busy`; null: nothing */
  use: string | null;
  /** changes with whatever is done, so that what came and went between two readings shows */
  mark: string;
  /** CPU time of the container so far, nanoseconds */
  cpuNanos: number;
}

export interface IdleClock {
  /** how long it is known to have been left alone */
  idleFor: number;
  /** when it was so */
  at: number;
  reading: Reading;
  /** since it is idle, it was said that its end is near */
  warned: boolean;
}

export interface Limits {
  duration: number;
  /** between two readings */
  every: number;
  /** for longer than this nothing may be unknown */
  longestGap: number;
  /** before the end */
  warning: number;
}

/** Cores: what terminals and servers take that only wait is less. */
export const idleCores = 0.05;

/** The limits that follow from an `inactivity_duration` (seconds). */
export function limitsOf(seconds: number): Limits {
  const duration = seconds * 1000;
  const every = Math.max(200, Math.min(60_000, duration / 10));
  // one look that fails is not the end of what is known; on a machine with much to do a short one may be late
  const longestGap = Math.max(2.5 * every, Math.min(10_000, duration / 2));
  return { duration, every, longestGap, warning: Math.min(300_000, duration / 5) };
}

/** The clock after one more reading; `before` null: the first. A look that failed is no reading: the clock stays as it is. */
export function tick(before: IdleClock | null, reading: Reading, { longestGap }: Pick<Limits, 'longestGap'>): IdleClock {
  const between = before === null ? 0 : reading.from - before.at;
  const known = before !== null && between > 0 && between <= longestGap;
  const alone = known && before.reading.use === null && reading.use === null && before.reading.mark === reading.mark;
  const resting = alone && (reading.cpuNanos - before.reading.cpuNanos) / (between * 1e6) < idleCores;
  // what the first look showed may have been so only at its end, what the last shows only at its beginning
  if (resting) return { idleFor: before.idleFor + between, at: reading.from, reading, warned: before.warned };
  return { idleFor: 0, at: reading.to, reading, warned: false };
}

/** What follows from it. It never ends without a warning at an earlier reading. */
export function decide({ idleFor, warned }: IdleClock, limits: Limits): 'go on' | 'warn' | 'end' {
  if (!warned) return idleFor >= limits.duration - limits.warning ? 'warn' : 'go on';
  return idleFor >= limits.duration ? 'end' : 'go on';
}
