/** What changes in the pool while a run is served. Everything can be undone, the last first: a run is served whole or not at all. */
import type { Need, Want } from './demand.ts';
import { CLAIMED, expectOn, FREE, HELD, newestFirst, newestOn, refresh, SOFT, SOON, type Holder, type Pool } from './pool.ts';

/** `room`: what nothing keeps; `short`: also what is kept, for a while; `soon`: also what runs that are being stopped hold. */
export type How = 'room' | 'short' | 'soon';

export interface Taken {
  need: Need;
  host: number;
  how: How;
  /** of the need's cores and memory, what was taken of soon */
  soonCpu: number;
  soonMemory: number;
  gpus: number[];
  states: number[];
}

/** Takes what the job needs on the host, where it must be. */
export function take(pool: Pool, host: number, need: Need, how: How): Taken {
  const { free, soon, spare, state } = pool;
  const soonCpu = how === 'soon' ? Math.min(need.cpu, soon.cpu[host]!) : 0;
  const soonMemory = how === 'soon' ? Math.min(need.memory, soon.memory[host]!) : 0;
  soon.cpu[host]! -= soonCpu;
  soon.memory[host]! -= soonMemory;
  free.cpu[host]! -= need.cpu - soonCpu;
  free.memory[host]! -= need.memory - soonMemory;
  if (how !== 'short') {
    spare.cpu[host]! -= need.cpu;
    spare.memory[host]! -= need.memory;
  }
  const gpus = choose(pool, host, need, how);
  const states = gpus.map((g) => state[g]!);
  for (const g of gpus) state[g] = how === 'soon' ? CLAIMED : HELD;
  refresh(pool, host);
  return { need, host, how, soonCpu, soonMemory, gpus, states };
}

export function giveBack(pool: Pool, { need, host, how, soonCpu, soonMemory, gpus, states }: Taken): void {
  const { free, soon, spare, state } = pool;
  soon.cpu[host]! += soonCpu;
  soon.memory[host]! += soonMemory;
  free.cpu[host]! += need.cpu - soonCpu;
  free.memory[host]! += need.memory - soonMemory;
  if (how !== 'short') {
    spare.cpu[host]! += need.cpu;
    spare.memory[host]! += need.memory;
  }
  for (const [i, g] of gpus.entries()) state[g] = states[i]!;
  refresh(pool, host);
}

/** The GPUs to take, the least capable first; all of one kind if there are enough of one, and soon free ones before free ones. */
function choose(pool: Pool, host: number, need: Need, how: How): number[] {
  const { want } = need;
  if (!want) return [];
  const all: number[] = [];
  if (how === 'soon') collect(pool, host, want, SOON, false, all);
  collect(pool, host, want, FREE, how === 'short', all);
  for (const kind of want.kinds) {
    const same = all.filter((g) => pool.kindOf[g] === kind);
    if (same.length >= need.gpus) return same.slice(0, need.gpus);
  }
  return all.slice(0, need.gpus);
}

function collect(pool: Pool, host: number, want: Want, state: number, alsoKept: boolean, into: number[]): void {
  const end = pool.from[host + 1]!;
  for (let g = pool.from[host]!; g < end; g++) {
    if (pool.state[g] === state && want.has[pool.kindOf[g]!] === 1 && (alsoKept || pool.kept[g] === 0)) into.push(g);
  }
}

/** An interruptible run is interrupted for another: what it has will soon be free. */
export function interrupt(pool: Pool, holder: Holder, id: string): void {
  holder.stopping = true;
  for (const { host, cpu, memory, gpus } of holder.parts) {
    pool.soft.cpu[host]! -= cpu;
    pool.soft.memory[host]! -= memory;
    pool.soon.cpu[host]! += cpu;
    pool.soon.memory[host]! += memory;
    for (const g of gpus) pool.state[g] = SOON;
    const softOn = pool.softOn[host]!;
    softOn.splice(softOn.indexOf(holder), 1);
    expectOn(pool, host, id);
    refresh(pool, host);
    moveSoft(pool, host);
  }
}

/** It is not interrupted for that run after all. */
export function spareIt(pool: Pool, holder: Holder, id: string): void {
  holder.stopping = false;
  for (const { host, cpu, memory, gpus } of holder.parts) {
    pool.soft.cpu[host]! += cpu;
    pool.soft.memory[host]! += memory;
    pool.soon.cpu[host]! -= cpu;
    pool.soon.memory[host]! -= memory;
    for (const g of gpus) pool.state[g] = SOFT;
    const awaited = pool.awaited.get(host)!;
    awaited.splice(awaited.lastIndexOf(id), 1);
    if (awaited.length === 0) pool.awaited.delete(host);
    pool.softOn[host]!.push(holder);
    pool.softOn[host]!.sort(newestFirst);
    refresh(pool, host);
    moveSoft(pool, host);
  }
}

/** Puts a host to where it belongs among those with interruptible runs. */
function moveSoft(pool: Pool, host: number): void {
  const { softHosts } = pool;
  if (pool.open[host] === 0) return;
  const old = softHosts.indexOf(host);
  if (old >= 0) softHosts.splice(old, 1);
  if (pool.softOn[host]!.length === 0) return;
  const newest = newestOn(pool, host);
  let low = 0;
  let high = softHosts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = newestOn(pool, softHosts[middle]!);
    if (other > newest || (other === newest && softHosts[middle]! < host)) low = middle + 1;
    else high = middle;
  }
  softHosts.splice(low, 0, host);
}
