const [minute, hour, day, week, month, year] = [60, 3600, 86_400, 604_800, 2_629_800, 31_557_600] as const;

/** How long ago, in words: `now`, `12 sec ago`, `3 mins ago`, `yesterday`. Both in milliseconds since 1970; the future counts as now. */
export function ago(then: number, now: number): string {
  const seconds = Math.floor((now - then) / 1000);
  if (seconds < 2) return 'now';
  if (seconds < minute) return `${seconds} sec ago`;
  if (seconds < hour) return count(seconds / minute, 'min');
  if (seconds < day) return count(seconds / hour, 'hour');
  if (seconds < 2 * day) return 'yesterday';
  if (seconds < 2 * week) return count(seconds / day, 'day');
  if (seconds < 2 * month) return count(seconds / week, 'week');
  if (seconds < year) return count(seconds / month, 'month');
  return count(seconds / year, 'year');
}

const count = (n: number, unit: string): string => `${Math.floor(n)} ${unit}${Math.floor(n) === 1 ? '' : 's'} ago`;

/** A length of time in its two biggest units: `4 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const units = [
    ['d', Math.floor(whole / day)],
    ['h', Math.floor(whole / hour) % 24],
    ['min', Math.floor(whole / minute) % 60],
    ['s', whole % 60],
  ] as const;
  const first = units.findIndex(([, n]) => n > 0);
  if (first < 0) return '0 s';
  return units
    .slice(first, first + 2)
    .filter(([, n]) => n > 0)
    .map(([unit, n]) => `${n} ${unit}`)
    .join(' ');
}

export { moment } from '../../shared/moment.ts';

const units: Record<string, number> = { s: 1, m: minute, h: hour, d: day, w: week };

/** `--since`: `<n>(s|m|h|d|w)` before `now` (milliseconds), or an ISO 8601 time; answered as ISO 8601. Null: neither. */
export function since(text: string, now: number): string | null {
  const relative = /^(\d+)\s*([smhdw])$/.exec(text.trim());
  const at = relative ? now - Number(relative[1]) * (units[relative[2] ?? ''] ?? 0) * 1000 : isoTime(text.trim());
  return at === null || Number.isNaN(at) || Math.abs(at) > 8.64e15 ? null : new Date(at).toISOString();
}

// Date.parse alone takes almost anything ("1", "may")
const isoTime = (text: string): number | null =>
  /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text) ? Date.parse(text) : null;
