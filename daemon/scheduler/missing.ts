/** What a host lacks of what a job needs, as things stand when everything is decided. */
import type { Need } from './demand.ts';
import { FREE, NEVER, SOFT, SOON, type Amounts, type Pool } from './pool.ts';
import { addGpus, type View } from './view.ts';

/** What makes way for a run that is not interruptible, or would. */
export interface Yielding extends Amounts {
  gpus: ReadonlySet<number>;
}

/** What those have that are being stopped, and those that can be interrupted, also of those placed now: all but the first `before` holders. */
export function yieldingOf(pool: Pool, before: number): Yielding {
  const cpu = pool.soon.cpu.map((amount, h) => amount + pool.soft.cpu[h]!);
  const memory = pool.soon.memory.map((amount, h) => amount + pool.soft.memory[h]!);
  const gpus = new Set<number>();
  for (const [g, state] of pool.state.entries()) if (state === SOON || state === SOFT) gpus.add(g);
  for (const { interruptible, parts } of pool.holders.slice(before)) {
    if (!interruptible) continue;
    for (const part of parts) {
      cpu[part.host]! += part.cpu;
      memory[part.host]! += part.memory;
      for (const g of part.gpus) gpus.add(g);
    }
  }
  return { cpu, memory, gpus };
}

/** What is free, and what makes way. */
export function viewWith(pool: Pool, yielding: Yielding): View {
  const gpus = new Int16Array(pool.hosts.length * pool.kinds.length);
  addGpus(pool, gpus, (state, g) => state === FREE || yielding.gpus.has(g));
  const cpu = pool.free.cpu.map((amount, h) => amount + yielding.cpu[h]!);
  return { cpu, memory: pool.free.memory.map((amount, h) => amount + yielding.memory[h]!), gpus };
}

export interface Missing {
  host: number;
  gpus: number;
  /** thousandths */
  cpu: number;
  memory: number;
  /** it could not even if the host were empty */
  never: boolean;
}

/** `yielding`: what will make way for it is not lacking. */
export function missingOn(pool: Pool, h: number, need: Need, yielding: Yielding | null = null): Missing {
  const cpuThere = pool.free.cpu[h]! + (yielding?.cpu[h] ?? 0);
  const memoryThere = pool.free.memory[h]! + (yielding?.memory[h] ?? 0);
  let free = 0;
  let all = 0;
  if (need.want) {
    for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) {
      if (need.want.has[pool.kindOf[g]!] === 0) continue;
      if (pool.state[g] === FREE || yielding?.gpus.has(g)) free++;
      if (pool.state[g] !== NEVER) all++;
    }
  }
  return {
    host: h,
    gpus: Math.max(0, need.gpus - free),
    cpu: need.cpu === 0 ? 0 : Math.max(0, need.cpu - Math.max(0, cpuThere)),
    memory: need.memory === 0 ? 0 : Math.max(0, need.memory - Math.max(0, memoryThere)),
    never: all < need.gpus || need.cpu > pool.total.cpu[h]! || need.memory > pool.total.memory[h]!,
  };
}

export const lacksNothing = ({ gpus, cpu, memory }: Missing): boolean => gpus === 0 && cpu === 0 && memory === 0;

/** Of the hosts that could serve the job the one that lacks least; null: none could. */
export function closest(pool: Pool, need: Need, avoid: { has(host: string): boolean }, yielding: Yielding | null = null): Missing | null {
  let best: Missing | null = null;
  let least = Infinity;
  for (const [h, host] of pool.hosts.entries()) {
    if (host.blocked !== null || avoid.has(host.name)) continue;
    const missing = missingOn(pool, h, need, yielding);
    if (missing.never) continue;
    // one GPU weighs more than all cores and all memory
    const lack = missing.gpus * 3 + missing.cpu / (pool.total.cpu[h]! + 1) + missing.memory / (pool.total.memory[h]! + 1);
    if (lack >= least) continue;
    best = missing;
    least = lack;
    if (lack === 0) break;
  }
  return best;
}
