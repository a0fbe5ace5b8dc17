/** One run gets all that it needs, or nothing: of what is free, else of what soon will be, else of what interruptible runs have. */
import type { Reservation } from './backfill.ts';
import type { Shape } from './demand.ts';
import { findRoom, findShortRoom, type Avoid } from './place.ts';
import type { Holder, Pool } from './pool.ts';
import { findSoon, findVictims } from './preempt.ts';
import { giveBack, interrupt, spareIt, take, type Taken } from './take.ts';

export interface Served {
  /** one for each need of the shape */
  taken: Taken[];
  /** it starts when these have gone, and those that are being stopped already */
  victims: Holder[];
  /** all of it is free now */
  now: boolean;
}

export interface Terms {
  /** what is kept for the first in line may be used: the run ends before */
  short: Reservation | null;
  /** the run's */
  id: string;
  /** the run may wait for what is freed, and interrupt others: it is not interruptible */
  interrupts: boolean;
}

/** Serves the run, or leaves the pool as it was and answers null. */
export function serve(pool: Pool, shape: Shape, avoid: Avoid, terms: Terms): Served | null {
  const { id } = terms;
  let served = attempt(pool, shape, avoid, terms, new Set());
  if (served && !served.now && served.taken.some((taken) => taken.how === 'short')) {
    // it would start later than now, so nobody knows whether it ends in time
    undo(pool, id, served);
    served = attempt(pool, shape, avoid, { ...terms, short: null }, new Set());
  }
  if (!served || served.victims.length < 2 || shape.needs.length < 2) return served;
  // jobs were served one after the other: an interruption for a later one may have made one for an earlier one needless
  let best: Served = served;
  const spared = new Set<Holder>();
  for (const victim of served.victims.toSorted((a, b) => a.startedAt - b.startedAt)) {
    undo(pool, id, best);
    const without = attempt(pool, shape, avoid, { ...terms, short: null }, new Set([...spared, victim]));
    const fewer = without && without.victims.every((other) => best.victims.includes(other));
    if (fewer) {
      spared.add(victim);
      best = without;
    } else {
      if (without) undo(pool, id, without);
      const again = attempt(pool, shape, avoid, { ...terms, short: null }, spared);
      if (!again) throw new Error('what could be served cannot be served again');
      best = again;
    }
  }
  return best;
}

function attempt(pool: Pool, shape: Shape, avoid: Avoid, { short, interrupts, id }: Terms, spared: ReadonlySet<Holder>): Served | null {
  const served: Served = { taken: [], victims: [], now: true };
  for (const need of shape.needs) {
    let host = findRoom(pool, need, avoid);
    if (host >= 0) {
      served.taken.push(take(pool, host, need, 'room'));
      continue;
    }
    host = short ? findShortRoom(pool, need, avoid, short) : -1;
    if (host >= 0) {
      served.taken.push(take(pool, host, need, 'short'));
      continue;
    }
    host = interrupts ? findSoon(pool, need, avoid, id) : -1;
    const plan = interrupts && host < 0 ? findVictims(pool, need, avoid, spared) : null;
    if (plan) {
      for (const victim of plan.victims) interrupt(pool, victim, id);
      served.victims.push(...plan.victims);
      // one that was interrupted may have made room elsewhere too: chosen as the next decision will choose
      host = findSoon(pool, need, avoid, id);
    }
    if (host < 0) {
      undo(pool, id, served);
      return null;
    }
    served.now = false;
    served.taken.push(take(pool, host, need, 'soon'));
  }
  return served;
}

/** Not strictly the last first: what was taken of soon is given back to soon before its holders are spared. */
function undo(pool: Pool, id: string, { taken, victims }: Served): void {
  for (const one of taken.toReversed()) giveBack(pool, one);
  for (const victim of victims) spareIt(pool, victim, id);
}
