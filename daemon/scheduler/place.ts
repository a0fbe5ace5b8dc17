/**
 * Where a job goes that can start now. Best fit: GPUs of the least memory that will do; of the hosts with such, those with the fewest free, so that
 * many together stay free for those that need them; of these one that is in use already; then the kind that the fewest of the queue ask for; then
 * where the least of cores and memory is left over. Jobs without GPUs go where there are no GPUs, else where the fewest are free.
 */
import type { Buckets } from './buckets.ts';
import type { Need, Want } from './demand.ts';
import type { Reservation } from './backfill.ts';
import { FREE, type Pool } from './pool.ts';

export type Avoid = Uint8Array | null;

/** How many hosts that fit are compared at most. */
const compared = 32;

/** A host for the job among what nothing keeps; -1: none. */
export function findRoom(pool: Pool, need: Need, avoid: Avoid): number {
  const { want } = need;
  if (!want) {
    for (let level = 0; level <= pool.most + 1; level++) {
      const host = bestIn(pool, pool.byGpus, level, need, avoid);
      if (host >= 0) return host;
    }
    return -1;
  }
  for (const kinds of want.tiers) {
    for (let level = 2 * need.gpus; level < 2 * pool.most + 2; level++) {
      for (const kind of kinds) {
        const host = bestIn(pool, pool.byKind[kind]!, level, need, avoid);
        if (host >= 0) return host;
      }
    }
  }
  return want.kinds.length > 1 ? findMixed(pool, need, want, avoid) : -1;
}

/** A host that has enough only of several kinds together. */
function findMixed(pool: Pool, need: Need, want: Want, avoid: Avoid): number {
  let best = -1;
  let least = Infinity;
  for (const h of pool.mixed) {
    if (pool.open[h] === 0 || avoid?.[h] === 1 || need.cpu > pool.room.cpu[h]! || need.memory > pool.room.memory[h]!) continue;
    const left = countFree(pool, h, want, false) - need.gpus;
    if (left < 0 || left >= least) continue;
    best = h;
    least = left;
  }
  return best;
}

function bestIn(pool: Pool, buckets: Buckets, level: number, need: Need, avoid: Avoid): number {
  if (buckets.size[level] === 0) return -1;
  const { room, total } = pool;
  const { bits, words } = buckets;
  const start = level * words;
  let best = -1;
  let least = Infinity;
  let seen = 0;
  for (let w = 0; w < words; w++) {
    let word = bits[start + w]!;
    while (word !== 0) {
      const h = (w << 5) + 31 - Math.clz32(word & -word);
      word &= word - 1;
      const cpu = room.cpu[h]! - need.cpu;
      const memory = room.memory[h]! - need.memory;
      if (cpu < 0 || memory < 0 || avoid?.[h] === 1) continue;
      const left = cpu / (total.cpu[h]! + 1) + memory / (total.memory[h]! + 1);
      if (left < least) {
        best = h;
        least = left;
      }
      if (++seen === compared) return best;
    }
  }
  return best;
}

/** How many free GPUs of a host will do; those kept for the first in line count only if `alsoKept`. */
export function countFree(pool: Pool, h: number, want: Want, alsoKept: boolean): number {
  let count = 0;
  for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) {
    if (pool.state[g] === FREE && want.has[pool.kindOf[g]!] === 1 && (alsoKept || pool.kept[g] === 0)) count++;
  }
  return count;
}

/** Whether the job fits there now, kept or not. */
export function hasRoom(pool: Pool, h: number, need: Need, avoid: Avoid): boolean {
  if (avoid?.[h] === 1 || need.cpu > Math.max(0, pool.free.cpu[h]!) || need.memory > Math.max(0, pool.free.memory[h]!)) return false;
  return !need.want || countFree(pool, h, need.want, true) >= need.gpus;
}

/** A host for a job that ends before what is kept there is needed; -1: none. */
export const findShortRoom = (pool: Pool, need: Need, avoid: Avoid, { hosts }: Pick<Reservation, 'hosts'>): number =>
  hosts.find((h) => hasRoom(pool, h, need, avoid)) ?? -1;
