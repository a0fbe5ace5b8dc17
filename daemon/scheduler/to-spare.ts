/**
 * What of a host's GPUs later runs may have when nobody knows when the first in line can start.
 *
 * RULE: of the GPUs that it could use f are free, and it asks for k. It can start only once runs have ended that hold k - f of them or more. A run
 * ends as a whole, so what has ended is always a sum of what some of them hold; s is the least such sum that is enough. f + s - k are to spare:
 * where less than s has ended it could not start with them either, and where s has ended, or any larger sum, it can without them. This holds in
 * whatever order the runs end, with known ends and unknown ones, and on each host by itself. What something else uses, or is promised to another,
 * may come back one by one.
 *
 * Free GPUs are counted beside all who hold some, those that are going included. If the first in line may interrupt others, there are in addition
 * those GPUs that it could have by that: they count as free, so that more may be to spare, but only of what goes or can be interrupted; it then waits
 * at most until they have gone.
 */
import type { Need } from './demand.ts';
import { CLAIMED, BUSY, FREE, NEVER, SOFT, SOON, type Pool } from './pool.ts';

/** Keeps the host's GPUs that the job could use, but for those to spare: the most capable free ones, then what goes, then the newest interruptible. */
export function keepButSpare(pool: Pool, h: number, need: Need, interrupts: boolean): void {
  const { want } = need;
  if (!want) return;
  const { state, kept, holderOf } = pool;
  const free: number[] = [];
  const going: number[] = [];
  const soft: number[] = [];
  const lasting: number[] = [];
  let single = 0;
  for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) {
    const is = state[g];
    if (is === NEVER || want.has[pool.kindOf[g]!] === 0) continue;
    kept[g] = 1;
    if (is === FREE) free.push(g);
    else if (is === BUSY || is === CLAIMED) single++;
    else if (is === SOON) going.push(g);
    else if (is === SOFT) soft.push(g);
    else lasting.push(g);
  }
  const ones = Array<number>(single).fill(1);
  const held = (gpus: readonly number[]): number[] => {
    const counts = new Map<number, number>();
    for (const g of gpus) counts.set(holderOf[g]!, (counts.get(holderOf[g]!) ?? 0) + 1);
    return [...counts.values()];
  };
  const atOnce = toSpare(need.gpus, free.length, [...ones, ...held([...lasting, ...going, ...soft])]);
  const spare = free.slice(Math.max(0, free.length - atOnce));
  if (interrupts) {
    const inAll = toSpare(need.gpus, free.length + going.length + soft.length, [...ones, ...held(lasting)]);
    const started = (g: number): number => pool.softOn[h]!.indexOf(pool.holders[holderOf[g]!]!);
    soft.sort((a, b) => started(a) - started(b) || a - b);
    spare.push(...[...going, ...soft].slice(0, Math.max(0, inAll - spare.length)));
  }
  for (const g of spare) kept[g] = 0;
}

/** How many GPUs are to spare beside a job that asks for `asked`, with so many free, and what each of the others holds; may be more than are free. */
export function toSpare(asked: number, free: number, held: readonly number[]): number {
  const missing = asked - free;
  if (missing <= 0) return -missing;
  const sums = new Set([0]);
  for (const count of held) for (const sum of [...sums]) sums.add(sum + count);
  let least = Infinity;
  for (const sum of sums) if (sum >= missing && sum < least) least = sum;
  return least - missing;
}
