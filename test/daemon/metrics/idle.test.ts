import { describe, expect, test } from 'vitest';
import { idlenessAfter, idlenessOf, isIdle, unknownIdleness, type Idleness } from '../../../daemon/metrics/idle.ts';
import { idleHint } from '../../../daemon/metrics/idle-hint.ts';
import { freshProgress, type JobRecord } from '../../../daemon/store/records.ts';
import type { SampleRecord } from '../../../daemon/store/samples.ts';
import { sample } from './support.ts';

const gpu = (utilization: number | null) => ({ utilization, memory: null });

describe('a sample is idle', () => {
  const table: [what: string, sample: Partial<SampleRecord>, idle: boolean | null][] = [
    ['with all its GPUs at 1 % or less, whatever the CPU does', { cpu: 8, gpus: [gpu(0), gpu(1)] }, true],
    ['not with one GPU at work', { cpu: 0, gpus: [gpu(0), gpu(2)] }, false],
    ['not for sure, with a GPU that does not say', { cpu: 0, gpus: [gpu(0), gpu(null)] }, null],
    ['not with one GPU at work beside one that does not say', { gpus: [gpu(null), gpu(50)] }, false],
    ['without GPUs, with less than a hundredth of a core', { cpu: 0.009, gpus: [] }, true],
    ['not with a hundredth of a core', { cpu: 0.01, gpus: [] }, false],
    ['not for sure, without a reading', { cpu: null, gpus: [] }, null],
  ];
  test.each(table)('%s', (_, given, idle) => expect(isIdle(sample(0, 1, given))).toBe(idle));
});

describe('idle time', () => {
  const at = (seconds: number, utilization: number | null) => sample(seconds * 1000, 5000, { gpus: [gpu(utilization)] });
  /** the same, sample by sample and from what is stored */
  const both = (samples: SampleRecord[]): Idleness => {
    const known = samples.reduce<Idleness>(idlenessAfter, unknownIdleness);
    const stored = idlenessOf(samples.toReversed());
    expect(stored).toEqual(known);
    return known;
  };
  test('begins with the first idle sample after work', () => {
    expect(both([at(0, 50), at(5, 1), at(10, 0)])).toEqual({ since: 5000, knownTo: 15_000 });
  });
  test('ends with work', () => {
    expect(both([at(0, 0), at(5, 0), at(10, 9)])).toEqual({ since: null, knownTo: 15_000 });
  });
  test('goes on over a moment of which nothing is known', () => {
    expect(both([at(0, 0), at(5, null), at(10, 0)])).toEqual({ since: 0, knownTo: 15_000 });
  });
  test('begins anew after more than a minute of which nothing is known', () => {
    expect(both([at(0, 0), at(70, 0), at(75, 0)])).toEqual({ since: 70_000, knownTo: 80_000 });
  });
  test('is not known without a reading', () => {
    expect(both([at(0, null)])).toEqual(unknownIdleness);
  });
  test('begins anew where the clock was set back', () => {
    expect([at(1000, 0), at(5, 0)].reduce<Idleness>(idlenessAfter, unknownIdleness)).toEqual({ since: 5000, knownTo: 10_000 });
  });
});

describe('the hint in ps', () => {
  const job = (gpus: string[]): JobRecord => ({
    ...{ runId: 1, job: 0, attempt: 1, progress: freshProgress(), open: true },
    state: { status: 'running', since: 0, startedAt: 0, host: 'local', gpus },
  });
  const meter = { idleGpuSince: () => 0 };
  test('says for how long', () => {
    expect(idleHint(meter, job(['a']), 42.9 * 60_000)).toBe('its GPU has been idle for 42 min');
    expect(idleHint(meter, job(['a', 'b']), 200 * 60_000)).toBe('its GPUs have been idle for 3 h 20 min');
  });
  test('is silent where there is nothing to say', () => {
    expect(idleHint({ idleGpuSince: () => null }, job(['a']), 1e9)).toBeNull();
  });
});
