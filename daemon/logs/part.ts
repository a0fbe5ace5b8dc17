import type { Part, Stretch } from './mark-index.ts';

/** Bytes in a part. */
export const partSize = ({ stretches }: Part): number => stretches.reduce((sum, { from, to }) => sum + to - from, 0);

/** The offset in the part of the first of its bytes that is at `at` in the record, or behind it. */
export const partOffset = ({ stretches }: Part, at: number): number =>
  stretches.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(at, to) - from), 0);

/** Where in the record the bytes of the part from `offset` on are, as far as they are in one piece; null: it has none. */
export function stretchAt({ stretches }: Part, offset: number): Stretch | null {
  let left = offset;
  for (const { from, to } of stretches) {
    if (left < to - from) return { from: from + left, to };
    left -= to - from;
  }
  return null;
}
