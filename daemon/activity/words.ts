import type { IdleClock, Limits } from './idle-clock.ts';

type Clock = Pick<IdleClock, 'idleFor' | 'at'>;

/** `idle for 25 min, stops in 5 min (inactivity_duration)`, as it is at `now` (of the clock's time). */
export function hintText({ idleFor, at }: Clock, { duration }: Pick<Limits, 'duration'>, now: number): string {
  const idle = idleFor + Math.max(0, now - at);
  return `idle for ${roughly(idle, Math.floor)}, stops in ${roughly(Math.max(0, duration - idle), Math.ceil)} (inactivity_duration)`;
}

/** The line in its log, as the terminal that is attached to it shows it. */
export function warningText({ idleFor }: Pick<Clock, 'idleFor'>, { duration }: Pick<Limits, 'duration'>): string {
  const left = roughly(Math.max(0, duration - idleFor), Math.ceil);
  return `dstack: nobody has used this environment for ${roughly(idleFor, Math.floor)}; it stops in ${left} (inactivity_duration). Using it keeps it.`;
}

function roughly(ms: number, round: (value: number) => number): string {
  const seconds = round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
