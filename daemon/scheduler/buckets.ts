/** Hosts by how many free GPUs they have, so that the best fit is found without looking at all of them. */

/** Sets of hosts: level `l` holds those in bits `l * words` and following. */
export interface Buckets {
  words: number;
  bits: Uint32Array;
  /** how many each level holds */
  size: Int32Array;
  /** the level of each host; -1: in none */
  levelOf: Int32Array;
}

export function createBuckets(hosts: number, levels: number): Buckets {
  const words = (hosts + 31) >>> 5;
  return { words, bits: new Uint32Array(words * levels), size: new Int32Array(levels), levelOf: new Int32Array(hosts).fill(-1) };
}

/** Puts a host into a level; -1 takes it out. */
export function moveTo(buckets: Buckets, host: number, level: number): void {
  const { words, bits, size, levelOf } = buckets;
  const old = levelOf[host]!;
  if (old === level) return;
  const mask = 1 << (host & 31);
  if (old >= 0) {
    bits[old * words + (host >>> 5)]! &= ~mask;
    size[old]!--;
  }
  if (level >= 0) {
    bits[level * words + (host >>> 5)]! |= mask;
    size[level]!++;
  }
  levelOf[host] = level;
}

export function eachIn({ words, bits, size }: Buckets, level: number, visit: (host: number) => void): void {
  if (size[level] === 0) return;
  for (let w = 0; w < words; w++) {
    let word = bits[level * words + w]!;
    while (word !== 0) {
      visit((w << 5) + 31 - Math.clz32(word & -word));
      word &= word - 1;
    }
  }
}
