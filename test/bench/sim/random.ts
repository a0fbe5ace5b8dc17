/** Seeded random numbers, so that every figure can be had again. */
export interface Random {
  /** uniform in [0, 1) */
  next(): number;
  /** standard normal */
  normal(): number;
  /** one of the entries, by its weight */
  pick<T>(weighted: readonly (readonly [T, number])[]): T;
}

/** A counter stepped by an odd constant and scrambled by multiplications and shifts: 2^32 numbers before it repeats. */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x2545f491) >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    // Box and Muller's; 1 − next() is never 0
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick(weighted) {
      let left = next() * weighted.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [value, weight] of weighted) if ((left -= weight) < 0) return value;
      return weighted.at(-1)![0];
    },
  };
}
