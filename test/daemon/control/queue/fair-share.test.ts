import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDecayedUsage, decayed } from '../../../../daemon/control/queue/fair-share.ts';
import { usageOf } from '../../../../daemon/control/queue/usage-of.ts';
import type { Store } from '../../../../daemon/store/store.ts';
import { newStore, putRunning } from '../../metrics/support.ts';

const [hour, day] = [3_600_000, 86_400_000];

describe('what an attempt weighs', () => {
  test('is all of it at its end, where it was short', () => {
    expect(decayed({ gpus: 2, startedAt: 0, finishedAt: 10_000 }, 10_000)).toBeCloseTo(20, 2);
  });
  test('halves with every day', () => {
    const span = { gpus: 1, startedAt: 0, finishedAt: hour };
    expect(decayed(span, hour + day)).toBeCloseTo(decayed(span, hour) / 2, 6);
    expect(decayed(span, hour + 3 * day)).toBeCloseTo(decayed(span, hour) / 8, 6);
  });
  test('is the integral: the sum of its parts', () => {
    fc.assert(
      fc.property(fc.nat(8), fc.nat(3 * day), fc.nat(3 * day), fc.nat(3 * day), (gpus, a, b, later) => {
        const [middle, end] = [a, a + b];
        const whole = decayed({ gpus, startedAt: 0, finishedAt: end }, end + later);
        const parts =
          decayed({ gpus, startedAt: 0, finishedAt: middle }, end + later) +
          decayed({ gpus, startedAt: middle, finishedAt: end }, end + later);
        expect(whole).toBeCloseTo(parts, 3);
        expect(whole).toBeLessThanOrEqual(((gpus || 1 / 8) * end) / 1000);
      }),
    );
  });
  test('without GPUs is an eighth', () => {
    expect(decayed({ gpus: 0, startedAt: 0, finishedAt: hour }, day)).toBeCloseTo(
      decayed({ gpus: 1, startedAt: 0, finishedAt: hour }, day) / 8,
      6,
    );
  });
});

const end = (store: Store, runId: number, user: string, startedAt: number, finishedAt: number, gpus = 1): void => {
  const row = { runId, job: 0, attempt: 1, user, project: 'me/p', workflow: 'train', run: `run-${runId}`, host: 'local' };
  store.transaction(() => {
    store.usage.put({ ...row, gpus, gpuName: null, cpu: null, startedAt, finishedAt });
    const job = store.jobs.get(runId, 0, 1);
    if (!job) throw new Error('no job');
    const state = { status: 'done' as const, since: finishedAt, startedAt, finishedAt, host: 'local', gpus: [], exitCode: 0 };
    store.jobs.update({ ...job, state, open: false });
  });
};

describe('what users have used lately', () => {
  test('counts what runs, and goes on without a jump when it ends, whenever it is asked', () => {
    const store = newStore();
    const usage = createDecayedUsage(store);
    const t = 10 * day;
    const a = putRunning(store, 'a-b-1', 'ann', t - hour, ['x', 'y']);
    putRunning(store, 'a-b-2', 'bob', t - hour, []);
    const exact = (now: number, until: number) => decayed({ gpus: 2, startedAt: t - hour, finishedAt: until }, now);
    expect(usage(t).get('ann')).toBeCloseTo(exact(t, t), 3);
    expect(usage(t).get('bob')).toBeCloseTo(exact(t, t) / 16, 3);
    end(store, a, 'ann', t - hour, t, 2);
    for (const later of [0, 1, 5000, 10_000, 29_000, 31_000, 45_000, hour, day]) {
      expect(usage(t + later).get('ann')).toBeCloseTo(exact(t + later, t), 3);
    }
  });
  test('is the same from the cache as anew', () => {
    const store = newStore();
    const cached = createDecayedUsage(store);
    const t = 30 * day;
    for (let i = 0; i < 50; i++) {
      const user = `u${i % 3}`;
      const at = t + i * 4000;
      end(store, putRunning(store, `a-b-${i}`, user, at - i * hour, []), user, at - i * hour, at - i * 150);
      const fresh = createDecayedUsage(store)(at);
      const known = cached(at);
      expect([...known.keys()].toSorted()).toEqual([...fresh.keys()].toSorted());
      for (const [name, seconds] of fresh) expect(known.get(name)).toBeCloseTo(seconds, 3);
    }
  });
  test('forgets nothing whose end takes long to write down', () => {
    const store = newStore();
    const usage = createDecayedUsage(store);
    const t = 10 * day;
    const a = putRunning(store, 'a-b-1', 'ann', t - hour, []);
    const job = store.jobs.get(a, 0, 1);
    if (!job) throw new Error('no job');
    const how = { startedAt: t - hour, exitCode: 0, outOfMemory: false, byItself: true, epochChanged: false, problem: null };
    store.jobs.update({ ...job, progress: { ...job.progress, end: { ...how, finishedAt: t } } });
    const known = usage(t + 60_000).get('ann') ?? 0;
    expect(known).toBeCloseTo(decayed({ gpus: 0, startedAt: t - hour, finishedAt: t }, t + 60_000), 3);
    end(store, a, 'ann', t - hour, t, 0);
    expect(usage(t + 61_000).get('ann')).toBeCloseTo(known, 1);
  });
  test('survives a clock that is set back', () => {
    const store = newStore();
    const usage = createDecayedUsage(store);
    end(store, putRunning(store, 'a-b-1', 'ann', day, []), 'ann', day, day + hour);
    expect(usage(5 * day).get('ann')).toBeGreaterThan(0);
    expect(usage(day + hour).get('ann')).toBeLessThanOrEqual(3600);
  });
});

describe('usage', () => {
  test('adds what goes on to what has ended, a run once, the most first', () => {
    const store = newStore();
    const a = putRunning(store, 'a-b-1', 'ann', 0, ['x']);
    end(store, a, 'ann', 0, hour);
    const b = putRunning(store, 'a-b-2', 'bob', 0, ['x', 'y']);
    store.usage.put({
      ...{ runId: b, job: 0, attempt: 0, user: 'bob', project: 'me/p', workflow: 'train', run: 'a-b-2', host: 'local', gpus: 1 },
      ...{ gpuName: null, cpu: null, startedAt: 0, finishedAt: hour },
    });
    expect(usageOf(store, 'user', 0, 2 * hour)).toEqual([
      { key: 'bob', runs: 1, gpuHours: 5, hours: 3 },
      { key: 'ann', runs: 1, gpuHours: 1, hours: 1 },
    ]);
    expect(usageOf(store, 'workflow', 1.5 * hour, 2 * hour)).toEqual([{ key: 'me/p/train', runs: 1, gpuHours: 1, hours: 0.5 }]);
    expect(usageOf(store, 'run', 0, 2 * hour).map(({ key }) => key)).toEqual(['a-b-2', 'run-1']);
  });
  test('of projects of one name is one, whoever has them', () => {
    const store = newStore();
    for (const [i, user] of ['ann:1\u001fme/p', 'bob:2\u001fme/p'].entries()) {
      const runId = putRunning(store, `a-b-${i}`, user, 0, []);
      store.usage.put({
        ...{ runId, job: 0, attempt: 2, user, project: user, workflow: null, run: `a-b-${i}`, host: 'local', gpus: 1 },
        ...{ gpuName: null, cpu: null, startedAt: 0, finishedAt: hour },
      });
    }
    expect(usageOf(store, 'project', 0, 0)[0]).toMatchObject({ key: 'me/p', gpuHours: 2 });
  });
});
