import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { downsample, merge } from '../../../daemon/metrics/downsample.ts';
import type { SampleRecord } from '../../../daemon/store/samples.ts';
import type { Store } from '../../../daemon/store/store.ts';
import { newStore, putRunning, sample } from './support.ts';

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];

const integral = (samples: readonly SampleRecord[], value: (sample: SampleRecord) => number | null | undefined): number =>
  samples.reduce((sum, one) => sum + (value(one) ?? 0) * one.span, 0);

function downsampleAll(store: Store, now: number): number {
  let steps = 0;
  while (downsample(store, now, 0)) steps++;
  return steps;
}

describe('merging', () => {
  test('weighs by span, and leaves out what is not known', () => {
    const merged = merge([
      sample(0, 1000, { cpu: 1, memory: 100, gpus: [{ utilization: 100, memory: 7 }] }),
      sample(1000, 3000, { cpu: 5, memory: null, gpus: [{ utilization: 0, memory: null }] }),
    ]);
    expect(merged).toEqual(sample(0, 4000, { cpu: 4, memory: 100, gpus: [{ utilization: 25, memory: 7 }] }));
  });
  test('of nothing known knows nothing', () => {
    expect(merge([sample(0, 5, { cpu: null }), sample(5, 5, { cpu: null })])).toMatchObject({ cpu: null, span: 10 });
  });
  test('keeps value × span, in whatever steps it is done', () => {
    const one = fc.record({
      span: fc.integer({ min: 1, max: 60_000 }),
      cpu: fc.double({ min: 0, max: 128, noNaN: true }),
      use: fc.nat(100),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 2, maxLength: 50 }), fc.nat(), (list, cut) => {
        let at = 0;
        const samples = list.map(({ span, cpu, use }) => {
          const made = sample(at, span, { cpu, gpus: [{ utilization: use, memory: null }] });
          at += span;
          return made;
        });
        const middle = 1 + (cut % (samples.length - 1));
        const whole = merge(samples);
        const inTwo = merge([merge(samples.slice(0, middle)), merge(samples.slice(middle))]);
        for (const merged of [whole, inTwo]) {
          expect(merged.span).toBe(at);
          expect(integral([merged], (s) => s.cpu)).toBeCloseTo(
            integral(samples, (s) => s.cpu),
            3,
          );
          expect(integral([merged], (s) => s.gpus[0]?.utilization)).toBeCloseTo(
            integral(samples, (s) => s.gpus[0]?.utilization),
            3,
          );
        }
      }),
    );
  });
});

describe('with age', () => {
  test('samples become coarser, and their integral stays', () => {
    const store = newStore();
    const runId = putRunning(store, 'a-b-1', 'me', 0, []);
    const key = { runId, job: 0, attempt: 1 };
    const count = (26 * hour) / 5000;
    store.transaction(() => {
      for (let i = 0; i < count; i++)
        store.samples.put(sample(i * 5000 + (i % 7), 5000 + (((i + 1) % 7) - (i % 7)), { runId, cpu: i % 11 }));
    });
    const before = store.samples.ofAttempt(key);
    const now = 26 * hour;
    expect(downsampleAll(store, now)).toBeGreaterThan(3);
    const after = store.samples.ofAttempt(key);
    expect(integral(after, (s) => s.cpu)).toBeCloseTo(
      integral(before, (s) => s.cpu),
      0,
    );
    const ages = (least: number, most: number) => after.filter((s) => now - s.at > least && now - s.at <= most);
    expect(ages(0, hour)).toHaveLength(720);
    expect(ages(hour, day)).toHaveLength(23 * 60);
    expect(ages(day, Infinity)).toHaveLength(12);
    // they follow each other without gaps
    for (const [i, one] of after.slice(1).entries()) expect(one.at).toBe((after[i]?.at ?? 0) + (after[i]?.span ?? 0));
    // and nothing is left to do until more time has passed
    expect(downsample(store, now, 0)).toBe(false);
    expect(downsample(store, now + minute, now)).toBe(true);
    expect(downsample(store, now + minute, now + minute)).toBe(false);
  });
  test('attempts and runs stay apart, and one step is bounded', () => {
    const store = newStore();
    const runs = Array.from({ length: 300 }, (_, i) => putRunning(store, `a-b-${i}`, 'me', 0, []));
    store.transaction(() => {
      for (const runId of runs) for (const at of [0, 5000]) store.samples.put(sample(at, 5000, { runId, cpu: runId }));
    });
    expect(downsampleAll(store, 2 * hour)).toBe(2);
    for (const runId of runs) {
      expect(store.samples.ofAttempt({ runId, job: 0, attempt: 1 })).toEqual([sample(0, 10_000, { runId, cpu: runId })]);
    }
  });
});
