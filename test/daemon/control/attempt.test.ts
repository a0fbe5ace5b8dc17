import { setTimeout as later } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { freshLive } from '../../../daemon/control/attempt.ts';

const day = 86_400_000;
const wall = 1_800_000_000_000;

describe('how long ago something was', () => {
  test('what never was, was no time ago', () => expect(freshLive().since('start', null, wall)).toBe(0));

  test('the first time it is heard of, the clock on the wall says', () => {
    expect(freshLive().since('start', wall - 5000, wall)).toBeGreaterThanOrEqual(5000);
    expect(freshLive().since('start', wall - 5000, wall)).toBeLessThan(6000);
  });

  test('what is to come, on a clock that was set back, is now', () =>
    expect(freshLive().since('start', wall + day, wall)).toBeLessThan(1000));

  test.each([-day, day])('afterwards a clock that is set by %i ms changes nothing, and time goes on', async (jump) => {
    const live = freshLive();
    const first = live.since('start', wall - 5000, wall);
    await later(2);
    const then = live.since('start', wall - 5000, wall + jump);
    expect(then).toBeGreaterThan(first);
    expect(then).toBeLessThan(first + 60_000);
  });

  test('what happens anew is counted anew, and each thing by itself', () => {
    const live = freshLive();
    live.since('kill', wall - 5000, wall);
    expect(live.since('kill', wall, wall)).toBeLessThan(1000);
    expect(live.since('start', wall - 9000, wall)).toBeGreaterThanOrEqual(9000);
  });
});
