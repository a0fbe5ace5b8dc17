import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import type { Live } from '../../../daemon/control/attempt.ts';
import { orOutputEnds } from '../../../daemon/control/or-output-ends.ts';

const recordingUntil = (over: AbortSignal): Pick<Live, 'recording'> => ({
  recording: { end: new Promise(() => undefined), endedAt: null, over, from: 'live' },
});

test('answers by the thousand leave nothing at an output that goes on', async () => {
  const over = new AbortController();
  const live = recordingUntil(over.signal);
  for (let i = 0; i < 3; i++) expect(await orOutputEnds(Promise.resolve(i), live)).toBe(i);
  await expect(orOutputEnds(Promise.reject(new Error('gone')), live)).rejects.toThrow('gone');
  expect(getEventListeners(over.signal, 'abort')).toEqual([]);
});

test('the end of the output comes before an answer that takes its time', async () => {
  const over = new AbortController();
  const said = orOutputEnds(new Promise(() => undefined), recordingUntil(over.signal));
  over.abort();
  expect(await said).toBe('output ended');
});
