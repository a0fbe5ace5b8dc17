/** What a host lacks of what a job needs, as things stand when everything is decided. */
import type { Need } from './demand.ts';
import { FREE, NEVER, type Pool } from './pool.ts';

export interface Missing {
  host: number;
  gpus: number;
  /** thousandths */
  cpu: number;
  memory: number;
  /** it could not even if the host were empty */
  never: boolean;
}

export function missingOn(pool: Pool, h: number, need: Need): Missing {
  let free = 0;
  let all = 0;
  if (need.want) {
    for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) {
      if (need.want.has[pool.kindOf[g]!] === 0) continue;
      if (pool.state[g] === FREE) free++;
      if (pool.state[g] !== NEVER) all++;
    }
  }
  return {
    host: h,
    gpus: Math.max(0, need.gpus - free),
    cpu: need.cpu === 0 ? 0 : Math.max(0, need.cpu - Math.max(0, pool.free.cpu[h]!)),
    memory: need.memory === 0 ? 0 : Math.max(0, need.memory - Math.max(0, pool.free.memory[h]!)),
    never: all < need.gpus || need.cpu > pool.total.cpu[h]! || need.memory > pool.total.memory[h]!,
  };
}

export const lacksNothing = ({ gpus, cpu, memory }: Missing): boolean => gpus === 0 && cpu === 0 && memory === 0;

/** Of the hosts that could serve the job the one that lacks least; null: none could. */
export function closest(pool: Pool, need: Need, avoid: { has(host: string): boolean }): Missing | null {
  let best: Missing | null = null;
  let least = Infinity;
  for (const [h, host] of pool.hosts.entries()) {
    if (host.blocked !== null || avoid.has(host.name)) continue;
    const missing = missingOn(pool, h, need);
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
