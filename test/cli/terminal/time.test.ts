import { expect, test } from 'vitest';
import { ago, duration, since } from '../../../cli/terminal/time.ts';

const day = 86_400;
test.each([
  [-5, 'now'],
  [1.9, 'now'],
  [2, '2 sec ago'],
  [59, '59 sec ago'],
  [60, '1 min ago'],
  [185, '3 mins ago'],
  [3600, '1 hour ago'],
  [7300, '2 hours ago'],
  [day, 'yesterday'],
  [2 * day, '2 days ago'],
  [13.9 * day, '13 days ago'],
  [14 * day, '2 weeks ago'],
  [70 * day, '2 months ago'],
  [400 * day, '1 year ago'],
  [800 * day, '2 years ago'],
])('%d seconds ago is %s', (seconds, words) => expect(ago(1e12 - seconds * 1000, 1e12)).toBe(words));

test.each([
  [0.4, '0 s'],
  [4, '4 s'],
  [125, '2 min 5 s'],
  [3600, '1 h'],
  [12_000, '3 h 20 min'],
  [187_265, '2 d 4 h'],
])('%d seconds last %s', (seconds, words) => expect(duration(seconds)).toBe(words));

const now = Date.parse('2026-11-02T12:00:00Z');
test.each([
  ['10m', '2026-11-02T11:50:00.000Z'],
  ['2 h', '2026-11-02T10:00:00.000Z'],
  ['1w', '2026-10-26T12:00:00.000Z'],
  ['2026-11-01T10:00:00Z', '2026-11-01T10:00:00.000Z'],
  ['2026-11-01T10:00+02:00', '2026-11-01T08:00:00.000Z'],
  ['2026-11-01', '2026-11-01T00:00:00.000Z'],
])('since %s is %s', (text, iso) => expect(since(text, now)).toBe(iso));

test.each(['', '10', '10x', 'may', '1', '2026-13-45', '99999999999999999999w', '-5m'])('since %j is refused', (text) =>
  expect(since(text, now)).toBeNull(),
);
