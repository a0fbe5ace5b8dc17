/**
 * What is kept for the first in line that cannot start (EASY backfill: Lifka 1995; Mu'alem and Feitelson 2001).
 *
 * If the known ends of runs tell when it can start at the latest, its hosts, its GPUs there and its share of cores and memory are kept from then
 * on: a later run may take the rest, or what it gives back before. If they don't tell, all that the first in line could use is kept.
 */
import type { Shape, Need } from './demand.ts';
import type { Avoid } from './place.ts';
import { FREE, HELD, NEVER, refresh, SOFT, SOON, type Amounts, type Holder, type Pool } from './pool.ts';

export interface Reservation {
  /** whom it is for */
  id: string;
  /** when it starts at the latest; null: that cannot be told */
  at: number | null;
  /** where it starts then: a run that ends before may use what is kept there; empty if that cannot be told */
  hosts: number[];
}

/** What is there at one time: amounts, and GPUs by host and kind (host * kinds + kind). */
interface View extends Amounts {
  gpus: Int16Array;
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
  const hosts = fit(pool, view, shape, avoid) ?? [];
  const touched = new Set(hosts);
  // `fit` took its needs from the view: what is left there is to spare
  for (const h of touched) {
    pool.spare.cpu[h] = Math.max(0, view.cpu[h]!);
    pool.spare.memory[h] = Math.max(0, view.memory[h]!);
  }
  for (const [i, h] of hosts.entries()) keepGpus(pool, h, shape.needs[i]!, at, interrupts);
  for (const h of touched) refresh(pool, h);
  return { id, at, hosts: [...touched].sort((a, b) => a - b) };
}

/** Adds what those hold that have ended by then. */
function viewAfter(pool: Pool, view: View, ending: readonly Holder[], time: number): View {
  const kinds = pool.kinds.length;
  for (const holder of ending) {
    if (holder.end > time) continue;
    for (const { host, cpu, memory, gpus } of holder.parts) {
      view.cpu[host]! += cpu;
      view.memory[host]! += memory;
      for (const g of gpus) view.gpus[host * kinds + pool.kindOf[g]!]!++;
    }
  }
  return view;
}

/** Keeps the GPUs that the job gets at that time: rather those that are not free now, so that the free ones are of use until then. */
function keepGpus(pool: Pool, h: number, { want, gpus }: Need, at: number, interrupts: boolean): void {
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
      if (need.want) for (let g = from[h]!; g < from[h + 1]!; g++) if (state[g] !== NEVER && need.want.has[kindOf[g]!] === 1) kept[g] = 1;
    }
    spare.cpu[h] = Math.max(0, free.cpu[h]! + soon.cpu[h]! + (interrupts ? soft.cpu[h]! : 0) - cpu);
    spare.memory[h] = Math.max(0, free.memory[h]! + soon.memory[h]! + (interrupts ? soft.memory[h]! : 0) - memory);
    refresh(pool, h);
  }
  return { id, at: null, hosts: [] };
}

function usable(pool: Pool, h: number, { want }: Need): number {
  if (!want) return 0;
  let count = 0;
  for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) if (pool.state[g] !== NEVER && want.has[pool.kindOf[g]!] === 1) count++;
  return count;
}

/** The pool with nothing running; closed hosts are looked at by `fit`. */
function emptyView(pool: Pool): View {
  const gpus = new Int16Array(pool.hosts.length * pool.kinds.length);
  addGpus(pool, gpus, (state) => state !== NEVER);
  return { cpu: pool.total.cpu.slice(), memory: pool.total.memory.slice(), gpus };
}

/** What is free now, counting what will be soon, or at once if the run may interrupt others. */
function presentView(pool: Pool, interrupts: boolean): View {
  const { free, soon, soft } = pool;
  const gpus = new Int16Array(pool.hosts.length * pool.kinds.length);
  addGpus(pool, gpus, (state) => state === FREE || state === SOON || (interrupts && state === SOFT));
  const cpu = free.cpu.map((amount, h) => amount + soon.cpu[h]! + (interrupts ? soft.cpu[h]! : 0));
  const memory = free.memory.map((amount, h) => amount + soon.memory[h]! + (interrupts ? soft.memory[h]! : 0));
  return { cpu, memory, gpus };
}

function addGpus(pool: Pool, gpus: Int16Array, counts: (state: number) => boolean): void {
  for (let h = 0; h < pool.hosts.length; h++) {
    for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) if (counts(pool.state[g]!)) gpus[h * pool.kinds.length + pool.kindOf[g]!]!++;
  }
}

/** A host for each job, and takes them from the view; null: they don't all fit. */
function fit(pool: Pool, view: View, { needs }: Shape, avoid: Avoid): number[] | null {
  const hosts: number[] = [];
  for (const need of needs) {
    let found = -1;
    for (let h = 0; h < pool.hosts.length && found < 0; h++) {
      if (pool.open[h] === 1 && avoid?.[h] !== 1 && takeFrom(view, h, need, pool.kinds.length)) found = h;
    }
    if (found < 0) return null;
    hosts.push(found);
  }
  return hosts;
}

function takeFrom(view: View, h: number, { cpu, memory, gpus, want }: Need, kinds: number): boolean {
  if (cpu > Math.max(0, view.cpu[h]!) || memory > Math.max(0, view.memory[h]!)) return false;
  if (want) {
    let there = 0;
    for (const kind of want.kinds) there += view.gpus[h * kinds + kind]!;
    if (there < gpus) return false;
    let left = gpus;
    for (const kind of want.kinds) {
      const some = Math.min(left, view.gpus[h * kinds + kind]!);
      view.gpus[h * kinds + kind]! -= some;
      left -= some;
    }
  }
  view.cpu[h]! -= cpu;
  view.memory[h]! -= memory;
  return true;
}
