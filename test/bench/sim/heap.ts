/** A binary heap: the least key first, of equal keys the one added first. */
export interface Heap<T> {
  /** key of the first; null: empty */
  peek(): number | null;
  pop(): T | null;
  add(key: number, value: T): void;
}

export function createHeap<T>(): Heap<T> {
  const entries: { key: number; seq: number; value: T }[] = [];
  let seq = 0;
  const before = (a: number, b: number): boolean =>
    entries[a]!.key - entries[b]!.key < 0 || (entries[a]!.key === entries[b]!.key && entries[a]!.seq < entries[b]!.seq);
  const swap = (a: number, b: number): void => void ([entries[a], entries[b]] = [entries[b]!, entries[a]!]);
  return {
    peek: () => entries[0]?.key ?? null,
    add(key, value) {
      entries.push({ key, seq: seq++, value });
      for (let at = entries.length - 1; at > 0 && before(at, (at - 1) >> 1); at = (at - 1) >> 1) swap(at, (at - 1) >> 1);
    },
    pop() {
      const first = entries[0];
      if (!first) return null;
      const last = entries.pop()!;
      if (entries.length > 0) {
        entries[0] = last;
        for (let at = 0; ;) {
          let least = at;
          for (const child of [2 * at + 1, 2 * at + 2]) if (child < entries.length && before(child, least)) least = child;
          if (least === at) break;
          swap(at, least);
          at = least;
        }
      }
      return first.value;
    },
  };
}
