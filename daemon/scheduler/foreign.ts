/** Words for GPUs that something has which is no run of ours. A GPU's number is its place among the host's. */
import type { Need } from './demand.ts';
import { BUSY, type Pool } from './pool.ts';

/** The place of a GPU among those of its host, as the host lists them. */
export const placeOf = (pool: Pool, h: number, g: number): number =>
  pool.hosts[h]!.gpus.findIndex((gpu) => gpu.uuid === pool.gpus[g]!.uuid);

/** Those that would do and that something else has, by place. */
export function foreignGpus(pool: Pool, h: number, { want }: Need): { g: number; place: number }[] {
  const found: { g: number; place: number }[] = [];
  for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) {
    if (pool.state[g] === BUSY && want?.has[pool.kindOf[g]!] === 1) found.push({ g, place: placeOf(pool, h, g) });
  }
  return found.sort((a, b) => a.place - b.place);
}

/** `GPU 1 is used by process 4711 (python3, root); GPU 2 …; and 1 more`; empty: there is none */
export function foreignOn(pool: Pool, h: number, need: Need, most: number): string {
  const all = foreignGpus(pool, h, need);
  const said = all.slice(0, most).map(({ g, place }) => `GPU ${place} ${pool.gpus[g]!.busy}`);
  return [...said, ...(all.length > most ? [`and ${all.length - most} more`] : [])].join('; ');
}
