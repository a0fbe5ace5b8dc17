/** What is there at one time, and whether a run fits into it. */
import type { Need, Shape } from './demand.ts';
import type { Avoid } from './place.ts';
import { FREE, NEVER, SOFT, SOON, type Amounts, type Holder, type Pool } from './pool.ts';
import type { Taken } from './take.ts';

/** 1 for the hosts that it avoids. */
export function avoidMask(pool: Pool, { avoid }: Pick<Shape, 'avoid'>): Avoid {
  if (!avoid) return null;
  const mask = new Uint8Array(pool.hosts.length);
  for (const name of avoid) {
    const host = pool.numberOf.get(name);
    if (host !== undefined) mask[host] = 1;
  }
  return mask;
}

/** Amounts, and GPUs by host and kind (host * kinds + kind). */
export interface View extends Amounts {
  gpus: Int16Array;
}

/** The pool with nothing running; closed hosts are looked at by `fit`. */
export function emptyView(pool: Pool): View {
  const gpus = new Int16Array(pool.hosts.length * pool.kinds.length);
  addGpus(pool, gpus, (state) => state !== NEVER);
  return { cpu: pool.total.cpu.slice(), memory: pool.total.memory.slice(), gpus };
}

/** What is free now, counting what will be soon, or at once if the run may interrupt others. */
export function presentView(pool: Pool, interrupts: boolean): View {
  const { free, soon, soft } = pool;
  const gpus = new Int16Array(pool.hosts.length * pool.kinds.length);
  addGpus(pool, gpus, (state) => state === FREE || state === SOON || (interrupts && state === SOFT));
  const cpu = free.cpu.map((amount, h) => amount + soon.cpu[h]! + (interrupts ? soft.cpu[h]! : 0));
  const memory = free.memory.map((amount, h) => amount + soon.memory[h]! + (interrupts ? soft.memory[h]! : 0));
  return { cpu, memory, gpus };
}

/** Adds what those hold that have ended by then. */
export function viewAfter(pool: Pool, view: View, ending: readonly Holder[], time: number): View {
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

/** Counts GPUs by host and kind. */
export function addGpus(pool: Pool, gpus: Int16Array, counts: (state: number, g: number) => boolean): void {
  for (let h = 0; h < pool.hosts.length; h++) {
    for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) if (counts(pool.state[g]!, g)) gpus[h * pool.kinds.length + pool.kindOf[g]!]!++;
  }
}

/** What a job takes of a host. */
export interface Spot {
  host: number;
  need: Need;
  /** GPUs by kind */
  gpus: readonly (readonly [kind: number, count: number])[];
}

/** A spot for each job, taken from the view; null: they don't all fit, and the view is as it was. */
export function fit(pool: Pool, view: View, { needs }: Shape, avoid: Avoid): Spot[] | null {
  const spots: Spot[] = [];
  for (const need of needs) {
    let found: Spot | null = null;
    const last = spots.at(-1);
    // where the one before it found no room, one that needs the same finds none
    for (let h = last && asksSame(last.need, need) ? last.host : 0; h < pool.hosts.length && !found; h++) {
      if (pool.open[h] === 1 && avoid?.[h] !== 1) found = takeFrom(view, h, need, pool.kinds.length);
    }
    if (!found) {
      putBack(pool, view, spots);
      return null;
    }
    spots.push(found);
  }
  return spots;
}

const asksSame = (a: Need, b: Need): boolean => a.want === b.want && a.gpus === b.gpus && a.cpu === b.cpu && a.memory === b.memory;

function takeFrom(view: View, host: number, need: Need, kinds: number): Spot | null {
  const { cpu, memory, want } = need;
  if (cpu > Math.max(0, view.cpu[host]!) || memory > Math.max(0, view.memory[host]!)) return null;
  const gpus: [number, number][] = [];
  if (want) {
    let left = need.gpus;
    for (const kind of want.kinds) left -= view.gpus[host * kinds + kind]!;
    if (left > 0) return null;
    left = need.gpus;
    for (const kind of want.kinds) {
      const some = Math.min(left, view.gpus[host * kinds + kind]!);
      if (some === 0) continue;
      view.gpus[host * kinds + kind]! -= some;
      left -= some;
      gpus.push([kind, some]);
    }
  }
  view.cpu[host]! -= cpu;
  view.memory[host]! -= memory;
  return { host, need, gpus };
}

/** Undoes `fit`. */
export function putBack(pool: Pool, view: View, spots: readonly Spot[]): void {
  for (const { host, need, gpus } of spots) {
    view.cpu[host]! += need.cpu;
    view.memory[host]! += need.memory;
    for (const [kind, count] of gpus) view.gpus[host * pool.kinds.length + kind]! += count;
  }
}

/** Takes from the view what a run takes (1), or gives it back (-1). */
export function occupy(pool: Pool, view: View, { host, need, gpus }: Taken, sign: 1 | -1): void {
  view.cpu[host]! -= sign * need.cpu;
  view.memory[host]! -= sign * need.memory;
  for (const g of gpus) view.gpus[host * pool.kinds.length + pool.kindOf[g]!]! -= sign;
}
