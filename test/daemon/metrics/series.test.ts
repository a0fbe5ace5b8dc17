import { describe, expect, test } from 'vitest';
import { gpuSamples } from '../../../daemon/metrics/gpu-samples.ts';
import { createSeries } from '../../../daemon/metrics/series.ts';
import type { Gpu } from '../../../daemon/hosts/host.ts';
import { newStore, putRunning, sample } from './support.ts';

const every = 5000;
const stats = (at: number, cpuSeconds: number) => ({ at, cpuNanos: cpuSeconds * 1e9, memory: 100 });

function seriesAt(now: number, startedAt: number) {
  const store = newStore();
  const runId = putRunning(store, 'a-b-1', 'me', startedAt, []);
  const job = store.jobs.get(runId, 0, 1);
  if (job?.state.status !== 'running') throw new Error('it does not run');
  return createSeries(store, { ...job, state: job.state }, store.runs.byId(runId), now, every);
}

describe('a series', () => {
  test('of an attempt that just began is measured from its start', () => {
    const series = seriesAt(1100, 1000);
    expect(series.next(1100, stats(1100, 0.1), [])).toBeNull();
    expect(series.next(6000, stats(6000, 10.1), [])).toMatchObject({ at: 1000, span: 5000, cpu: 10 / 4.9, memory: 100 });
    expect(series.next(11_000, stats(11_000, 12.6), [])).toMatchObject({ at: 6000, span: 5000, cpu: 0.5 });
  });
  test('of an attempt that an earlier daemon started begins now', () => {
    const series = seriesAt(100_000, 1000);
    expect(series.next(100_000, stats(100_000, 50), [])).toBeNull();
    expect(series.next(105_000, stats(105_000, 55), [])).toMatchObject({ at: 100_000, span: 5000, cpu: 1 });
  });
  test('leaves what an earlier daemon measured, however soon after the start another goes on', () => {
    const store = newStore();
    const runId = putRunning(store, 'a-b-1', 'me', 1000, []);
    const job = store.jobs.get(runId, 0, 1);
    if (job?.state.status !== 'running') throw new Error('it does not run');
    const earlier = sample(1000, 5000, { runId });
    store.samples.put(earlier);
    const series = createSeries(store, { ...job, state: job.state }, store.runs.byId(runId), 7000, every);
    expect(series.next(7000, stats(7000, 6), [])).toBeNull();
    const next = series.next(12_000, stats(12_000, 11), []);
    expect(next).toMatchObject({ at: 7000, span: 5000, cpu: 1 });
    if (next) store.samples.put(next);
    expect(store.samples.ofAttempt({ runId, job: 0, attempt: 1 })).toHaveLength(2);
  });
  test('counts in how many of its samples a GPU did something', () => {
    const series = seriesAt(1000, 1000);
    const next = (at: number, utilization: number | null) => series.next(at, stats(at, at / 1000), [{ utilization, memory: 1 }]);
    [90, 0, null, 2, 1].forEach((utilization, i) => next(6000 + 5000 * i, utilization));
    expect(series.gpuWork()).toBe(2);
    series.next(40_000, stats(40_000, 80), []);
    expect(series.gpuWork()).toBe(2);
  });
  test('spans a time in which the engine did not answer', () => {
    const series = seriesAt(1000, 1000);
    series.next(6000, stats(6000, 5), []);
    expect(series.next(11_000, undefined, [])).toBeNull();
    expect(series.next(16_000, stats(16_000, 25), [])).toMatchObject({ at: 11_000, span: 5000, cpu: 2 });
  });
  test('has its GPUs while the engine does not answer', () => {
    const series = seriesAt(1000, 1000);
    expect(series.next(6000, undefined, [{ utilization: 7, memory: null }])).toMatchObject({ cpu: null, memory: null, span: 5000 });
  });
  test('ends with its container', () => {
    expect(seriesAt(1000, 1000).next(6000, null, [])).toBeNull();
  });
  test('goes on after the clock was set back', () => {
    const series = seriesAt(100_000, 100_000);
    series.next(105_000, stats(105_000, 1), []);
    expect(series.next(50_000, stats(50_000, 2), [])).toBeNull();
    expect(series.next(55_000, stats(55_000, 4), [])).toMatchObject({ at: 50_000, span: 5000, cpu: 0.4 });
  });
  test('takes no time that passed only on a clock that was set, or while the machine slept, for idleness', () => {
    const series = seriesAt(0, 0);
    const idle = [{ utilization: 0, memory: null }];
    series.next(5000, stats(5000, 1), idle);
    expect(series.next(3_605_000, stats(3_605_000, 2), idle)).toBeNull();
    expect(series.next(3_610_000, stats(3_610_000, 3), idle)).toMatchObject({ at: 3_605_000, span: 5000 });
    expect(series.idleFor()).toBeLessThanOrEqual(10_000);
  });
  test('of an attempt that is taken up knows how long it has been idle', () => {
    const store = newStore();
    const runId = putRunning(store, 'a-b-1', 'me', 0, []);
    for (const at of [0, 5000, 10_000]) store.samples.put(sample(at, 5000, { runId, cpu: at === 0 ? 1 : 0 }));
    const job = store.jobs.get(runId, 0, 1);
    if (job?.state.status !== 'running') throw new Error('it does not run');
    const series = createSeries(store, { ...job, state: job.state }, store.runs.byId(runId), 20_000, every);
    expect([series.idleSince(), series.idleFor()]).toEqual([5000, 10_000]);
    series.next(20_000, stats(20_000, 1), []);
    series.next(25_000, stats(25_000, 1), []);
    expect(series.idleFor()).toBe(20_000);
  });
});

describe('readings of GPUs', () => {
  const gpu = (uuid: string, utilization: number): Gpu => ({
    ...{ uuid, index: 0, name: 'NVIDIA A100', memory: 8e10, driver: '550', computeCapability: '8.0', minor: 0, mig: null, problem: null },
    ...{ memoryUsed: utilization * 1e9, utilization, temperature: null, power: null, processes: [] },
  });
  const facts = { gpus: [gpu('a', 1), gpu('b', 2), gpu('c', 3)], gpusReadAt: 1000, gpusStaleSince: null };
  const unknown = { utilization: null, memory: null };
  test('go to the job that has them, in its order', () => {
    expect(gpuSamples(['c', 'a'], facts, 900, 0)).toEqual([
      { utilization: 3, memory: 3e9 },
      { utilization: 1, memory: 1e9 },
    ]);
  });
  test('say nothing of a GPU that fell off', () =>
    expect(gpuSamples(['x', 'b'], facts, 900, 0)).toMatchObject([unknown, { utilization: 2 }]));
  test.each([
    ['before the job began', facts, 1001, 0],
    ['too long ago', facts, 900, 1001],
    ['by an nvidia-smi that hangs now', { ...facts, gpusStaleSince: 1000 }, 900, 0],
    ['never', { ...facts, gpusReadAt: null }, 900, 0],
    ['from a host that does not answer', null, 900, 0],
  ])('do not count when they were made %s', (_, given, startedAt, freshFrom) => {
    expect(gpuSamples(['a'], given, startedAt, freshFrom)).toEqual([unknown]);
  });
});
