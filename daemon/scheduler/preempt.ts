/** Which interruptible runs make way for one that is not: on the host where the fewest must, and of these the newest started. */
import { eachIn } from './buckets.ts';
import type { Need } from './demand.ts';
import { countFree, type Avoid } from './place.ts';
import { FREE, newestOn, SOFT, SOON, type Holder, type Pool } from './pool.ts';

const partOn = (holder: Holder, host: number): Holder['parts'][number] | undefined => holder.parts.find((part) => part.host === host);

/**
 * A host on which the job fits once the runs that are being stopped have gone; -1: none. Rather one where they make way for this run, and not one where
 * they do for another, so that the next decision comes to the same; of these the one where the fewest GPUs are left over.
 */
export function findSoon(pool: Pool, need: Need, avoid: Avoid, id: string): number {
  const { free, soon, spare, bySoon } = pool;
  let best = -1;
  let least = Infinity;
  for (let level = need.want ? 1 : 0; level <= 1; level++) {
    eachIn(bySoon, level, (h) => {
      if (pool.slack[h]! < need.gpus || avoid?.[h] === 1) return;
      if (need.cpu > Math.max(0, Math.min(free.cpu[h]! + soon.cpu[h]!, spare.cpu[h]!))) return;
      if (need.memory > Math.max(0, Math.min(free.memory[h]! + soon.memory[h]!, spare.memory[h]!))) return;
      const left = need.want ? countFree(pool, h, need.want, false) + count(pool, h, need, SOON) - need.gpus : 0;
      if (left < 0) return;
      const awaited = pool.awaited.get(h);
      const order = left + (awaited?.includes(id) ? 0 : awaited ? 2 : 1) * 1000;
      if (order > least || (order === least && h > best)) return;
      best = h;
      least = order;
    });
  }
  return best;
}

function count(pool: Pool, h: number, need: Need, state: number): number {
  const { want } = need;
  if (!want) return 0;
  let found = 0;
  for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) {
    if (pool.state[g] === state && pool.kept[g] === 0 && want.has[pool.kindOf[g]!] === 1) found++;
  }
  return found;
}

/** Whether as much as an interrupted run gave of what the job needs is free there, or soon will be, and promised to nobody. */
export function isLeftOver(pool: Pool, { host, cpu, memory, gpus }: Holder['parts'][number], need: Need): boolean {
  const { free, soon } = pool;
  if (need.cpu > 0 && cpu > Math.max(0, free.cpu[host]! + soon.cpu[host]!)) return false;
  if (need.memory > 0 && memory > Math.max(0, free.memory[host]! + soon.memory[host]!)) return false;
  return usefulOf(pool, gpus, need) <= count(pool, host, need, FREE) + count(pool, host, need, SOON);
}

const usefulOf = (pool: Pool, gpus: readonly number[], { want }: Need): number => {
  let useful = 0;
  for (const g of gpus) if (pool.kept[g] === 0 && want?.has[pool.kindOf[g]!] === 1) useful++;
  return useful;
};

export interface Plan {
  host: number;
  victims: Holder[];
  /** when the oldest of them started */
  oldest: number;
}

/** The runs to interrupt so that the job fits somewhere; null: that would not help anywhere. `spared` are not interrupted. */
export function findVictims(pool: Pool, need: Need, avoid: Avoid, spared: ReadonlySet<Holder>): Plan | null {
  const { softHosts, softOn, slack, mostSoft } = pool;
  // how many it takes at least anywhere; looked up when one is not enough
  let least = 1;
  let best: Plan | null = null;
  for (const host of softHosts) {
    const atLeast = fewest(need.gpus - slack[host]!, mostSoft[host]!);
    if (best) {
      if (best.victims.length === least && newestOn(pool, host) <= best.oldest) break;
      // what can't be better is not looked at
      if (atLeast > best.victims.length) continue;
      if (atLeast === best.victims.length && (softOn[host]![atLeast - 1]?.startedAt ?? -Infinity) <= best.oldest) continue;
    }
    if (atLeast > softOn[host]!.length || avoid?.[host] === 1) continue;
    const plan = planOn(pool, host, need, spared);
    if (!plan) continue;
    if (!best && plan.victims.length > 1) {
      least = Infinity;
      for (const other of softHosts) least = Math.min(least, fewest(need.gpus - slack[other]!, mostSoft[other]!));
    }
    if (!best || plan.victims.length < best.victims.length || (plan.victims.length === best.victims.length && plan.oldest > best.oldest))
      best = plan;
  }
  return best;
}

/** How many runs must make way at least for that many GPUs. */
const fewest = (gpus: number, mostOfOne: number): number => (gpus <= 0 ? 1 : mostOfOne === 0 ? Infinity : Math.ceil(gpus / mostOfOne));

function planOn(pool: Pool, host: number, need: Need, spared: ReadonlySet<Holder>): Plan | null {
  const { free, soon, soft, spare } = pool;
  if (need.cpu > Math.max(0, Math.min(free.cpu[host]! + soon.cpu[host]! + soft.cpu[host]!, spare.cpu[host]!))) return null;
  if (need.memory > Math.max(0, Math.min(free.memory[host]! + soon.memory[host]! + soft.memory[host]!, spare.memory[host]!))) return null;
  const freeGpus = count(pool, host, need, FREE) + count(pool, host, need, SOON);
  if (need.gpus > freeGpus + count(pool, host, need, SOFT)) return null;
  let cpu = need.cpu === 0 ? 0 : need.cpu - free.cpu[host]! - soon.cpu[host]!;
  let memory = need.memory === 0 ? 0 : need.memory - free.memory[host]! - soon.memory[host]!;
  let gpus = need.gpus - freeGpus;
  const chosen: { holder: Holder; cpu: number; memory: number; gpus: number }[] = [];
  for (const holder of pool.softOn[host]!) {
    if (cpu <= 0 && memory <= 0 && gpus <= 0) break;
    if (spared.has(holder)) continue;
    const part = partOn(holder, host);
    if (!part) continue;
    const useful = usefulOf(pool, part.gpus, need);
    if (!((cpu > 0 && part.cpu > 0) || (memory > 0 && part.memory > 0) || (gpus > 0 && useful > 0))) continue;
    chosen.push({ holder, cpu: part.cpu, memory: part.memory, gpus: useful });
    cpu -= part.cpu;
    memory -= part.memory;
    gpus -= useful;
  }
  if (cpu > 0 || memory > 0 || gpus > 0 || chosen.length === 0) return null;
  // an older one may have given so much that a newer one is not needed, or the other way round: the oldest are spared first
  const victims: Holder[] = [];
  for (const one of chosen.toReversed()) {
    if (cpu + one.cpu <= 0 && memory + one.memory <= 0 && gpus + one.gpus <= 0) {
      cpu += one.cpu;
      memory += one.memory;
      gpus += one.gpus;
    } else victims.push(one.holder);
  }
  return { host, victims, oldest: victims[0]?.startedAt ?? 0 };
}
