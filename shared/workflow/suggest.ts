/** The candidate that `word` is most likely a slip of; null where none is near. Upper and lower case, `-` and `_` count as the same. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const wanted = fold(word);
  // one slip for short words, two from five letters, three from ten
  const limit = Math.min(3, 1 + Math.floor(wanted.length / 5));
  let best: string | null = null;
  let least = limit + 1;
  for (const candidate of candidates) {
    const other = fold(candidate);
    if (Math.abs(other.length - wanted.length) >= least) continue;
    const slips = distance(wanted, other);
    // a word that shares no letter is no slip of it
    if (slips < least && slips < other.length) [best, least] = [candidate, slips];
  }
  return best;
}

const fold = (word: string): string => word.slice(0, 80).toLowerCase().replaceAll('-', '_');

/** Damerau–Levenshtein (optimal string alignment): insertions, deletions, substitutions and swaps of neighbours. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
