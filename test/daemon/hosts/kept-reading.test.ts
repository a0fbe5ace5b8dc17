import { expect, test } from 'vitest';
import { keptReading } from '../../../daemon/hosts/kept-reading.ts';

/** Readings that end when the test says so. */
function readings() {
  const clock = { now: 1000 };
  const ends: ((value: number | Error) => void)[] = [];
  let unasked = 0;
  const kept = keptReading({
    read: () => new Promise<number>((resolve, reject) => ends.push((value) => (value instanceof Error ? reject(value) : resolve(value)))),
    staleAfter: () => 5_000,
    uselessAfter: 60_000,
    now: () => clock.now,
    onRead: () => (unasked += 1),
  });
  return { clock, ends, ask: kept.ask, recent: kept.recent, known: kept.known, unasked: () => unasked };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('those who ask while it is read get the same, and then what was read', async () => {
  const r = readings();
  const both = [r.ask(false), r.ask(false)];
  r.ends[0]?.(1);
  expect(await Promise.all(both)).toEqual([1, 1]);
  r.clock.now += 4_999;
  expect(await r.ask(false)).toBe(1);
  expect(r.ends).toHaveLength(1);
});

test('an old one is answered at once and read anew behind it', async () => {
  const r = readings();
  const first = r.ask(false);
  r.ends[0]?.(1);
  await first;
  r.clock.now += 5_000;
  expect(await r.ask(false)).toBe(1);
  expect(await r.ask(false)).toBe(1);
  expect(r.ends).toHaveLength(2);
  expect(r.unasked()).toBe(0);
  r.ends[1]?.(2);
  await turn();
  expect(r.unasked()).toBe(1);
  expect(await r.ask(false)).toBe(2);
  expect(r.ends).toHaveLength(2);
});

test.each([60_000, -1])('after %i ms it is waited for', async (later) => {
  const r = readings();
  const first = r.ask(false);
  r.ends[0]?.(1);
  await first;
  r.clock.now += later;
  const second = r.ask(false);
  r.ends[1]?.(2);
  expect(await second).toBe(2);
  expect(r.unasked()).toBe(0);
});

test('fresh: a reading that began before the question is not enough', async () => {
  const r = readings();
  const first = r.ask(false);
  const fresh = [r.ask(true), r.ask(true)];
  r.ends[0]?.(1);
  expect(await first).toBe(1);
  await turn();
  expect(r.ends).toHaveLength(2);
  r.ends[1]?.(2);
  expect(await Promise.all(fresh)).toEqual([2, 2]);
});

test('recent: one that is due to be read anew is waited for', async () => {
  const r = readings();
  const first = r.recent();
  r.ends[0]?.(1);
  expect(await first).toBe(1);
  r.clock.now += 4_999;
  expect(await r.recent()).toBe(1);
  r.clock.now += 1;
  const both = [r.recent(), r.recent()];
  r.ends[1]?.(2);
  expect(await Promise.all(both)).toEqual([2, 2]);
  expect(r.ends).toHaveLength(2);
  expect(r.unasked()).toBe(0);
});

test('a failure is told to who waits, and not kept', async () => {
  const r = readings();
  const first = r.ask(false);
  r.ends[0]?.(new Error('no'));
  await expect(first).rejects.toThrow('no');
  const second = r.ask(false);
  r.ends[1]?.(2);
  await second;
  r.clock.now += 5_000;
  await r.ask(false);
  r.ends[2]?.(new Error('not now'));
  await turn();
  expect(await r.ask(false)).toBe(2);
});

test('what is known is told at once, and read where it is old', async () => {
  const r = readings();
  expect(r.known()).toBeNull();
  expect(r.known()).toBeNull();
  expect(r.ends).toHaveLength(1);
  r.ends[0]?.(1);
  await turn();
  expect(r.known()).toBe(1);
  r.clock.now += 1_000_000;
  expect(r.known()).toBe(1);
  r.ends[1]?.(2);
  await turn();
  expect(r.known()).toBe(2);
  expect(r.unasked()).toBe(2);
});
