/** Figures as a table, policies as rows, and how ours compares. */
import type { Figures } from './figures.ts';
import type { Scenario } from './model.ts';

const columns: [header: string, cell: (figures: Figures) => string][] = [
  ['policy', ({ policy }) => policy],
  ['mean wait', ({ meanWait }) => duration(meanWait)],
  ['p95', ({ p95Wait }) => duration(p95Wait)],
  ['p99.9', ({ p999Wait }) => duration(p999Wait)],
  ['longest', ({ maxWait }) => duration(maxWait)],
  ['mean completion', ({ meanCompletion }) => duration(meanCompletion)],
  ['GPUs used', ({ utilisation }) => share(utilisation)],
  ['fragmentation', ({ fragmentation }) => share(fragmentation)],
  ['work lost', ({ lost, preemptions }) => `${lost.toFixed(1)} GPU h (${preemptions})`],
  ['decision mean, max', ({ meanDecision, maxDecision }) => `${meanDecision.toFixed(2)}, ${maxDecision.toFixed(1)} ms`],
];

/** `replays`: of one scenario, one at least. */
export function report(replays: readonly Scenario[], rows: readonly Figures[]): string {
  const cells = [columns.map(([header]) => header), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  const lines = cells.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
  );
  return [replays[0]!.title, ...replays.flatMap(({ notes }) => notes), ...lines, ...comparison(rows)].join('\n');
}

function comparison(rows: readonly Figures[]): string[] {
  const ours = rows.find(({ policy }) => policy === 'ours');
  return rows
    .filter((row) => ours && row !== ours && row.meanWait > 0)
    .map((row) => {
      const less = ours!.replays.filter((wait, replay) => wait <= row.replays[replay]!).length;
      return `mean wait of ours: ${share(ours!.meanWait / row.meanWait)} of ${row.policy}; no more than it in ${less} of ${row.replays.length} replays`;
    });
}

const share = (value: number): string => `${(100 * value).toFixed(1)} %`;

/** Seconds as hours when it is more than two, so that columns can be compared at a glance. */
const duration = (seconds: number): string => (seconds >= 7200 ? `${(seconds / 3600).toFixed(2)} h` : `${seconds.toFixed(0)} s`);
