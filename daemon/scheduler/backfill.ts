/**
 * What is kept for the first in line that cannot start (EASY backfill: Lifka 1995; Mu'alem and Feitelson 2001).
 *
 * If the known ends of runs tell when it can start at the latest, its hosts, its GPUs there and its share of cores and memory are kept from then
 * on: a later run may take the rest, or what it gives back before. It is not bound to these hosts: a later run may have what is kept if the first
 * in line can start as soon elsewhere, where as much is kept instead. If the ends don't tell, all that it could use is kept, but for GPUs that are
 * to spare whatever ends first (to-spare.ts; not beside a gang), and cores and memory that it leaves of what is free.
 */
import type { Shape, Need } from './demand.ts';
import { hasRoom, type Avoid } from './place.ts';
import { FREE, HELD, NEVER, refresh, SOFT, SOON, type Pool } from './pool.ts';
import { giveBack, take, type Taken } from './take.ts';
import { keepButSpare } from './to-spare.ts';
import { emptyView, fit, occupy, presentView, putBack, viewAfter, type Spot, type View } from './view.ts';

export interface Reservation {
  /** whom it is for */
  id: string;
  /** when it starts at the latest; null: that cannot be told */
  at: number | null;
  /** where it starts then, ascending: a run that ends before may use what is kept there; empty if that cannot be told */
  hosts: readonly number[];
  /** null: all that it could use is kept */
  plan: Plan | null;
}

/** How it starts then. */
interface Plan {
  shape: Shape;
  avoid: Avoid;
  interrupts: boolean;
  at: number;
  /** what is there then, beside those that came later and last longer; the first in line always fits */
  view: View;
  /** one for each need */
  spots: readonly Spot[];
}

/**
 * Keeps in the pool what the run needs. `interrupts`: it need not wait for interruptible runs to end. Null: it could not start if all the open
 * hosts were empty, so nothing is kept.
 */
export function reserve(pool: Pool, shape: Shape, avoid: Avoid, id: string, now: number, interrupts: boolean): Reservation | null {
  if (!fit(pool, emptyView(pool), shape, avoid)) return null;
  const ending = pool.holders.filter((holder) => holder.end < Infinity && !holder.stopping && !(interrupts && holder.interruptible));
  // now (what should have ended ends now as well), and each time at which something ends
  const times = [now, ...Float64Array.from(ending, (holder) => Math.max(now, holder.end)).sort()];
  const viewAt = (time: number): View => viewAfter(pool, presentView(pool, interrupts), ending, time);
  let low = 0;
  let high = times.length - 1;
  if (!fit(pool, viewAt(times[high]!), shape, avoid)) return keepAll(pool, shape, avoid, id, interrupts);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fit(pool, viewAt(times[middle]!), shape, avoid)) high = middle;
    else low = middle + 1;
  }
  const at = times[low]!;
  const view = viewAt(at);
  const spots = fit(pool, view, shape, avoid) ?? [];
  putBack(pool, view, spots);
  const reservation: Reservation = { id, at, hosts: [], plan: { shape, avoid, interrupts, at, view, spots: [] } };
  keepOn(pool, reservation, spots);
  return reservation;
}

/**
 * Takes room for a job of a run that starts now and lasts: some of what is kept, if the first in line can start as soon beside it, then with as
 * much kept elsewhere. Null: that cannot be, and nothing has changed.
 */
export function makeRoom(pool: Pool, need: Need, avoid: Avoid, reservation: Reservation): Taken | null {
  const { plan } = reservation;
  const hosts = plan ? reservation.hosts.filter((h) => hasRoom(pool, h, need, avoid)) : [];
  if (!plan || hosts.length === 0) return null;
  const before = plan.spots;
  keepOn(pool, reservation, []);
  for (const host of hosts) {
    const taken = take(pool, host, need, 'room');
    occupy(pool, plan.view, taken, 1);
    const spots = fit(pool, plan.view, plan.shape, plan.avoid);
    if (spots) {
      putBack(pool, plan.view, spots);
      keepOn(pool, reservation, spots);
      return taken;
    }
    occupy(pool, plan.view, taken, -1);
    giveBack(pool, taken);
  }
  keepOn(pool, reservation, before);
  return null;
}

/** Keeps what is needed there, and no longer what was kept. */
export function keepOn(pool: Pool, reservation: Reservation, spots: readonly Spot[]): void {
  const { plan, hosts } = reservation;
  if (!plan) return;
  const { spare, kept, from } = pool;
  for (const h of hosts) {
    spare.cpu[h] = spare.memory[h] = Infinity;
    kept.fill(0, from[h]!, from[h + 1]!);
  }
  const touched = new Set(spots.map(({ host }) => host));
  for (const h of touched) {
    spare.cpu[h] = plan.view.cpu[h]!;
    spare.memory[h] = plan.view.memory[h]!;
  }
  for (const { host, need } of spots) {
    spare.cpu[host] = Math.max(0, spare.cpu[host]! - need.cpu);
    spare.memory[host] = Math.max(0, spare.memory[host]! - need.memory);
    keepGpus(pool, host, need, plan);
  }
  plan.spots = spots;
  reservation.hosts = [...touched].sort((a, b) => a - b);
  for (const h of new Set([...hosts, ...touched])) refresh(pool, h);
}

/** Keeps the GPUs that the job gets at that time: rather those that are not free now, so that the free ones are of use until then. */
function keepGpus(pool: Pool, h: number, { want, gpus }: Need, { at, interrupts }: Plan): void {
  if (!want) return;
  let left = gpus;
  for (const wanted of [HELD, SOFT, SOON, FREE]) {
    for (let g = pool.from[h]!; g < pool.from[h + 1]! && left > 0; g++) {
      if (pool.state[g] !== wanted || pool.kept[g] === 1 || want.has[pool.kindOf[g]!] === 0) continue;
      const holder = pool.holders[pool.holderOf[g]!];
      const interrupted = wanted === SOFT && interrupts;
      if ((wanted === HELD || wanted === SOFT) && !interrupted && (holder?.end ?? Infinity) > at) continue;
      pool.kept[g] = 1;
      left--;
    }
  }
}

function keepAll(pool: Pool, { needs }: Shape, avoid: Avoid, id: string, interrupts: boolean): Reservation {
  const { free, soon, soft, spare, total, from, kept, kindOf, state } = pool;
  const alone = needs.length === 1;
  for (let h = 0; h < pool.hosts.length; h++) {
    if (pool.open[h] === 0 || avoid?.[h] === 1) continue;
    let cpu = 0;
    let memory = 0;
    let gpus = 0;
    for (const need of needs) {
      const fitting = usable(pool, h, need);
      if (gpus + need.gpus > fitting || cpu + need.cpu > total.cpu[h]! || memory + need.memory > total.memory[h]!) continue;
      cpu += need.cpu;
      memory += need.memory;
      gpus += need.gpus;
      if (alone) keepButSpare(pool, h, need, interrupts);
      else if (need.want)
        for (let g = from[h]!; g < from[h + 1]!; g++) if (state[g] !== NEVER && need.want.has[kindOf[g]!] === 1) kept[g] = 1;
    }
    spare.cpu[h] = Math.max(0, free.cpu[h]! + soon.cpu[h]! + (interrupts ? soft.cpu[h]! : 0) - cpu);
    spare.memory[h] = Math.max(0, free.memory[h]! + soon.memory[h]! + (interrupts ? soft.memory[h]! : 0) - memory);
    refresh(pool, h);
  }
  return { id, at: null, hosts: [], plan: null };
}

function usable(pool: Pool, h: number, { want }: Need): number {
  if (!want) return 0;
  let count = 0;
  for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) if (pool.state[g] !== NEVER && want.has[pool.kindOf[g]!] === 1) count++;
  return count;
}
