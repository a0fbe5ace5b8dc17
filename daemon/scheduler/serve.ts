/**
 * One run gets all that it needs, or nothing: of what is free, else of what is kept for the first in line where that one can do without, else of what
 * soon will be free, else of what interruptible runs have.
 */
import { keepOn, makeRoom, type Reservation } from './backfill.ts';
import type { Shape } from './demand.ts';
import { findRoom, findShortRoom, type Avoid } from './place.ts';
import type { Holder, Pool } from './pool.ts';
import { findSoon, findVictims, isLeftOver } from './preempt.ts';
import { giveBack, interrupt, spareIt, take, type Taken } from './take.ts';
import { occupy, type View } from './view.ts';

export interface Served {
  /** one for each need of the shape */
  taken: Taken[];
  /** it starts when these have gone, and those that are being stopped already */
  victims: Holder[];
  /** all of it is free now */
  now: boolean;
  /** from which all of it was taken too: it lasts longer than the first in line waits */
  view: View | null;
}

export interface Terms {
  /** what is kept for the first in line */
  kept: Reservation | null;
  /** it may be used: the run ends before */
  short: boolean;
  /** the run's */
  id: string;
  /** the run may wait for what is freed, and interrupt others: it is not interruptible */
  interrupts: boolean;
}

/** Serves the run, or leaves the pool as it was and answers null. */
export function serve(pool: Pool, shape: Shape, avoid: Avoid, terms: Terms): Served | null {
  const { id, kept } = terms;
  const lasting = { ...terms, short: false };
  let served = attempt(pool, shape, avoid, terms, new Set());
  if (served && !served.now && terms.short) {
    // it would start later than now, so nobody knows whether it ends in time
    undo(pool, id, served);
    served = attempt(pool, shape, avoid, lasting, new Set());
  }
  if (!served?.now && kept?.plan && !terms.short) {
    if (served) undo(pool, id, served);
    const moved = attemptBeside(pool, shape, avoid, kept, id);
    if (moved) return moved;
    if (served) served = again(pool, shape, avoid, lasting, new Set());
  }
  if (!served || served.victims.length < 2 || shape.needs.length < 2) return served;
  // jobs were served one after the other: an interruption for a later one may have made one for an earlier one needless
  let best: Served = served;
  const spared = new Set<Holder>();
  for (const victim of served.victims.toSorted((a, b) => a.startedAt - b.startedAt)) {
    if (!mayBeNeedless(pool, shape, avoid, victim, id)) continue;
    undo(pool, id, best);
    const without = attempt(pool, shape, avoid, lasting, new Set([...spared, victim]));
    const fewer = without && without.victims.every((other) => best.victims.includes(other));
    if (fewer) {
      spared.add(victim);
      best = without;
    } else {
      if (without) undo(pool, id, without);
      best = again(pool, shape, avoid, lasting, spared);
    }
  }
  return best;
}

/**
 * Whether trying without it could succeed. Where all jobs need the same and none more would fit, it could not if on one of its hosts less is left
 * over than it gave: one job fewer would fit there, and no other host could take that job.
 */
function mayBeNeedless(pool: Pool, { needs, uniform }: Shape, avoid: Avoid, victim: Holder, id: string): boolean {
  const [need] = needs;
  if (!uniform || !need || findSoon(pool, need, avoid, id) >= 0) return true;
  return victim.parts.every((part) => isLeftOver(pool, part, need));
}

function again(...[pool, shape, avoid, terms, spared]: Parameters<typeof attempt>): Served {
  const served = attempt(pool, shape, avoid, terms, spared);
  if (!served) throw new Error('what could be served cannot be served again');
  return served;
}

function attempt(pool: Pool, shape: Shape, avoid: Avoid, terms: Terms, spared: ReadonlySet<Holder>): Served | null {
  const { kept, short, interrupts, id } = terms;
  const served: Served = { taken: [], victims: [], now: true, view: short ? null : (kept?.plan?.view ?? null) };
  for (const need of shape.needs) {
    let host = findRoom(pool, need, avoid);
    if (host >= 0) {
      add(pool, served, take(pool, host, need, 'room'));
      continue;
    }
    host = short && kept ? findShortRoom(pool, need, avoid, kept) : -1;
    if (host >= 0) {
      add(pool, served, take(pool, host, need, 'short'));
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
    add(pool, served, take(pool, host, need, 'soon'));
  }
  return served;
}

/** Serves it now or not at all, if need be with what is kept where the first in line can do without. */
function attemptBeside(pool: Pool, shape: Shape, avoid: Avoid, kept: Reservation, id: string): Served | null {
  const spots = kept.plan?.spots ?? [];
  const served: Served = { taken: [], victims: [], now: true, view: kept.plan?.view ?? null };
  for (const need of shape.needs) {
    const host = findRoom(pool, need, avoid);
    if (host >= 0) {
      add(pool, served, take(pool, host, need, 'room'));
      continue;
    }
    const taken = makeRoom(pool, need, avoid, kept);
    if (!taken) {
      undo(pool, id, served);
      if (kept.plan?.spots !== spots) keepOn(pool, kept, spots);
      return null;
    }
    served.taken.push(taken);
  }
  return served;
}

function add(pool: Pool, served: Served, taken: Taken): void {
  served.taken.push(taken);
  if (served.view) occupy(pool, served.view, taken, 1);
}

/** Not strictly the last first: what was taken of soon is given back to soon before its holders are spared. */
function undo(pool: Pool, id: string, { taken, victims, view }: Served): void {
  for (const one of taken.toReversed()) {
    giveBack(pool, one);
    if (view) occupy(pool, view, one, -1);
  }
  for (const victim of victims) spareIt(pool, victim, id);
}
