const blocks = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const plain = ['_', '.', ':', '-', '=', '+', '*', '#'] as const;

/** Whether a terminal in this environment shows what is beyond ASCII; where nothing says so, it does not. */
export function showsUnicode(env: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '');
}

/** A value that holds from `at` for `span` (ms). */
export interface Point {
  at: number;
  span: number;
  value: number | null;
}

/** The mean in each of `columns` equal parts of the time from `from` to `to` (ms), weighted by time; null: nothing is known of it. */
export function resample(points: readonly Point[], from: number, to: number, columns: number): (number | null)[] {
  const width = (to - from) / columns;
  const sums = new Float64Array(columns);
  const times = new Float64Array(columns);
  for (const { at, span, value } of points) {
    if (value === null) continue;
    const end = Math.min(to, at + span);
    const first = Math.max(0, Math.floor((at - from) / width));
    for (let column = first; column < columns && from + column * width < end; column++) {
      const overlap = Math.min(end, from + (column + 1) * width) - Math.max(at, from + column * width);
      if (overlap <= 0) continue;
      sums[column] = (sums[column] ?? 0) + value * overlap;
      times[column] = (times[column] ?? 0) + overlap;
    }
  }
  return Array.from(sums, (sum, column) => (times[column] ? sum / times[column] : null));
}

/** One character for each value, as high as it is between 0 and `max`; a blank where it is null. */
export function sparkline(values: readonly (number | null)[], max: number, unicode: boolean): string {
  const levels = unicode ? blocks : plain;
  const level = (value: number): number =>
    max > 0 ? Math.max(0, Math.min(levels.length - 1, Math.floor((value / max) * levels.length))) : 0;
  return values.map((value) => (value === null ? ' ' : levels[level(value)])).join('');
}
