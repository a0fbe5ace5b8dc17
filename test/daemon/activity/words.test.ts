import { expect, test } from 'vitest';
import { hintText, warningText } from '../../../daemon/activity/words.ts';

const minute = 60_000;

test('the time goes on between two looks', () => {
  const clock = { idleFor: 25 * minute, at: 1000 };
  expect(hintText(clock, { duration: 30 * minute }, 1000)).toBe('idle for 25 min, stops in 5 min (inactivity_duration)');
  expect(hintText(clock, { duration: 30 * minute }, 1000 + 4.5 * minute)).toBe('idle for 29 min, stops in 30 s (inactivity_duration)');
  expect(hintText(clock, { duration: 30 * minute }, 1000 + 6 * minute)).toBe('idle for 31 min, stops in 0 s (inactivity_duration)');
  expect(hintText({ idleFor: 9 * 60 * minute, at: 0 }, { duration: 12 * 60 * minute }, 0)).toBe(
    'idle for 9 h 0 min, stops in 3 h 0 min (inactivity_duration)',
  );
});

test('the line in the log says how to keep it', () => {
  expect(warningText({ idleFor: 16_200 }, { duration: 20_000 })).toBe(
    'dstack: nobody has used this environment for 16 s; it stops in 4 s (inactivity_duration). Using it keeps it.',
  );
});
