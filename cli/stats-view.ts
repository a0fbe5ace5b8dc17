import type { Sample, Stats } from '../shared/api.ts';
import { formatSize } from '../shared/units.ts';
import { shortUuid } from './gpu-name.ts';
import { resample, sparkline, type Point } from './terminal/sparkline.ts';
import { duration, moment } from './terminal/time.ts';

interface Line {
  title: string;
  value: (sample: Sample) => number | null;
  format: (value: number) => string;
  /** the top of its scale, at least; higher values raise it */
  top: number;
}

const percent = (value: number): string => `${Math.round(value)} %`;
const cores = (value: number): string => value.toFixed(value < 10 ? 2 : 1);

/** What is next to nothing shall look like it: one core, and a GB, which most machines have many times. */
const leastCores = 1;
const leastMemory = 1e9;

function linesOf({ samples, gpus: uuids, gpuNumbers }: Stats): Line[] {
  const count = Math.max(...samples.map((sample) => sample.gpus.length));
  const gpus = Array.from({ length: count }, (_, index): Line[] => {
    const number = gpuNumbers[index] ?? null;
    const title = number === null ? shortUuid(uuids[index] ?? 'GPU') : `GPU ${number}`;
    return [
      { title, value: (sample) => sample.gpus[index]?.utilization ?? null, format: percent, top: 100 },
      { title: `${title} memory`, value: (sample) => sample.gpus[index]?.memory ?? null, format: formatSize, top: leastMemory },
    ];
  });
  return [
    ...gpus.flat(),
    { title: 'CPU cores', value: (sample) => sample.cpu, format: cores, top: leastCores },
    { title: 'memory', value: (sample) => sample.memory, format: formatSize, top: leastMemory },
  ];
}

/** What a run has used, as a small chart and three numbers for each line; there is at least one sample. `width`: columns of the terminal. */
export function statsView(stats: Stats, width: number, unicode: boolean): string[] {
  const { samples } = stats;
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last) return [];
  const from = Date.parse(first.at);
  const to = Date.parse(last.at) + last.span;
  const rows = linesOf(stats).map((line) => {
    const points = samples.map((sample): Point => ({ at: Date.parse(sample.at), span: sample.span, value: line.value(sample) }));
    const known = points.filter((point): point is Point & { value: number } => point.value !== null);
    const time = known.reduce((sum, point) => sum + point.span, 0);
    const mean = known.reduce((sum, point) => sum + point.value * point.span, 0) / time;
    const max = Math.max(...known.map((point) => point.value));
    const numbers =
      known.length === 0 ? ['-', '-', '-'] : [points.at(-1)?.value ?? null, mean, max].map((n) => (n === null ? '-' : line.format(n)));
    return { title: line.title, points, numbers, top: Math.max(line.top, max) };
  });
  const titles = [stats.status === 'running' ? 'NOW' : 'LAST', 'MEAN', 'MAX'];
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row.numbers[i]?.length ?? 0)));
  const titleWidth = Math.max(...rows.map((row) => row.title.length));
  const numbersWidth = widths.reduce((sum, w) => sum + w + 2, 0);
  // a chart has no more columns than there are samples, and room for its times
  const columns = Math.max(20, Math.min(width - titleWidth - 2 - numbersWidth, Math.max(samples.length, 40)));
  const row = (title: string, chart: string, numbers: string[]): string =>
    `${title.padEnd(titleWidth)}  ${chart.padEnd(columns)}${numbers.map((n, i) => `  ${n.padStart(widths[i] ?? 0)}`).join('')}`.trimEnd();
  const [begin, end] = times(moment(first.at), moment(new Date(to).toISOString()));
  const gap = columns - begin.length - end.length;
  return [
    `${stats.run}, attempt ${stats.attempt}, ${stats.status}: ${duration((to - from) / 1000)}`,
    row('', '', titles),
    ...rows.map(({ title, points, numbers, top }) => row(title, sparkline(resample(points, from, to, columns), top, unicode), numbers)),
    ...(gap > 0 ? [row('', `${begin}${' '.repeat(gap)}${end}`, [])] : []),
  ];
}

/** Two moments, as short as they can be told apart: the time of a day, or the day and the minute. */
function times(begin: string, end: string): [string, string] {
  const sameDay = begin.slice(0, 10) === end.slice(0, 10);
  return sameDay ? [begin.slice(11), end.slice(11)] : [begin.slice(5, 16), end.slice(5, 16)];
}
