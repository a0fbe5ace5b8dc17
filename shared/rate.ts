import { formatSize } from './units.ts';

/** Milliseconds that a rate is the mean of. */
const span = 5_000;
/** Before so much has passed it says nothing. */
const least = 500;

/** How fast something grows: told what there is (bytes) at which time (ms), it answers bytes per second; null: too early to say. */
export function createRate(): (bytes: number, now: number) => number | null {
  const seen: { at: number; bytes: number }[] = [];
  return (bytes, now) => {
    // what shrinks is something else: the next file, the unpacking after the download
    if ((seen.at(-1)?.bytes ?? 0) > bytes) seen.length = 0;
    seen.push({ at: now, bytes });
    while (seen.length > 2 && now - (seen[1]?.at ?? now) > span) seen.shift();
    const first = seen[0];
    const passed = first ? now - first.at : 0;
    return first && passed >= least ? ((bytes - first.bytes) * 1000) / passed : null;
  };
}

/** `40 MB of 52 MB, 12 MB/s`; of what is not known is left out. */
export function transferred(bytes: number, total: number | null, rate: number | null): string {
  const of = total === null ? '' : ` of ${formatSize(total)}`;
  return `${formatSize(bytes)}${of}${rate === null || rate < 1 ? '' : `, ${formatSize(Math.round(rate))}/s`}`;
}
