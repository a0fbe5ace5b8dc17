import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { residentMb, type Figure } from './measure.ts';

/** Clock ticks that a process has used (fields 14 and 15 of /proc/PID/stat, 100 a second). */
const ticks = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
};

/** Memory and processor time of a daemon that has nothing to do, after the runs of the other figures. */
export async function benchIdle(pid: number, seconds = 30): Promise<Figure[]> {
  await pause(3_000);
  const before = ticks(pid);
  await pause(seconds * 1000);
  const used = ((ticks(pid) - before) / 100 / seconds) * 100;
  const rss = residentMb(pid);
  return [
    { name: 'daemon idle, memory', value: rss, target: 80, unit: 'MB', detail: 'resident set after the runs above' },
    { name: 'daemon idle, processor', value: used, target: 0.5, unit: '% of a core', detail: `over ${seconds} s` },
  ];
}
