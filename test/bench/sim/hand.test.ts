/** The simulator against small cases worked out with pencil and paper. */
import { describe, expect, test } from 'vitest';
import { measure } from './figures.ts';
import type { Scenario, Task } from './model.ts';
import { backfill } from './policies/backfill.ts';
import { fifo } from './policies/fifo.ts';
import { ours } from './policies/ours.ts';
import type { Policy } from './policies/policy.ts';
import { shortest } from './policies/shortest.ts';
import { parsePool } from './pool-spec.ts';
import { simulate } from './simulate.ts';

const second = 1000;
const job = (gpus: number, name: string | null = null) => ({ id: '0', cpu: gpus, memory: null, gpu: { count: gpus, name, memory: null } });

/** A run of one job; times in seconds. */
const run = (id: string, arrives: number, runs: number, gpus: number, more: Partial<Task> & { name?: string } = {}): Task => ({
  id,
  user: 'all',
  priority: 0,
  arrives: arrives * second,
  runs: runs * second,
  bound: null,
  interruptible: false,
  jobs: [job(gpus, more.name ?? null)],
  ...more,
});

const scenario = (pool: string, tasks: Task[]): Scenario => ({ title: '', hosts: parsePool(pool)!, tasks, notes: [] });
const bounded = (tasks: Task[]): Task[] => tasks.map((task) => ({ ...task, bound: task.runs }));
const waits = (policy: Policy, of: Scenario): Record<string, number> =>
  Object.fromEntries(simulate(of, policy).lives.map(({ task, waited }) => [task.id, waited / second]));

/**
 * Two GPUs. A has one for 10 s; B wants both from 1 s on; C (4 s) and D (20 s) come at 2 and 3 s and want one.
 *
 *   FIFO       A 0–10, B 10–15, C 15–19, D 15–35
 *   backfill   C may pass at 2, it ends at 6; D would end after 10, when B can have both
 *   shortest   C passes at 2; at 6 B (5 s) goes before D but does not fit: D 6–26, B 26–31
 */
describe('one host, two GPUs', () => {
  const tasks = [run('A', 0, 10, 1), run('B', 1, 5, 2), run('C', 2, 4, 1), run('D', 3, 20, 1)];
  const without = scenario('1x2xA100:80GB', tasks);
  const withBounds = scenario('1x2xA100:80GB', bounded(tasks));

  test.each([
    ['FIFO', fifo, withBounds, { A: 0, B: 9, C: 13, D: 12 }],
    ['backfill that knows durations', backfill, withBounds, { A: 0, B: 9, C: 0, D: 12 }],
    ['backfill that does not', backfill, without, { A: 0, B: 9, C: 13, D: 12 }],
    ['shortest first', shortest, without, { A: 0, B: 25, C: 0, D: 3 }],
    ['ours that knows durations', ours, withBounds, { A: 0, B: 9, C: 0, D: 12 }],
    ['ours that does not', ours, without, { A: 0, B: 9, C: 13, D: 12 }],
  ])('%s', (_, policy, of, expected) => expect(waits(policy, of)).toEqual(expected));

  test('the figures of FIFO', () => {
    const figures = measure([withBounds], fifo);
    expect(figures).toMatchObject({
      meanWait: 8.5,
      p95Wait: 13,
      maxWait: 13,
      meanCompletion: (10 + 14 + 17 + 32) / 4,
      lost: 0,
      preemptions: 0,
    });
    // until the last arrival, at 3 s, one of two GPUs is held
    expect(figures.utilisation).toBeCloseTo(0.5, 9);
    // B wants two and one is free: that is no fragmentation
    expect(figures.fragmentation).toBe(0);
  });
});

test('where the first in line could never run, others pass though nobody knows how long they take', () => {
  // A has one of two A100 for 10 s, B wants both; C takes any GPU: the T4 is of no use to B
  const of = scenario('1x2xA100:80GB,1x1xT4:16GB', [run('A', 0, 10, 1, { jobs: [job(1, 'A100')] }), run('B', 1, 5, 2), run('C', 2, 4, 1)]);
  expect(waits(fifo, of)).toEqual({ A: 0, B: 9, C: 8 });
  expect(waits(backfill, of)).toEqual({ A: 0, B: 9, C: 0 });
  expect(waits(ours, of)).toEqual({ A: 0, B: 9, C: 0 });
});

test('fragmentation: two free GPUs on two hosts are of no use to who wants two together', () => {
  // A and B take one GPU each; best fit would pack them, so each is kept to its host by the model it names
  const of = scenario('1x2xA100:80GB,1x2xH100:80GB', [
    run('A', 0, 10, 1, { jobs: [job(1, 'A100')] }),
    run('B', 0, 10, 1, { jobs: [job(1, 'H100')] }),
    run('C', 4, 1, 2),
    run('D', 8, 1, 1, { jobs: [job(1, 'A100')] }),
  ]);
  // idle until 8 s: 2 GPUs × 8 s; while C waits, from 4 s on, all of it is stranded
  expect(measure([of], fifo).fragmentation).toBeCloseTo(0.5, 9);
});

test('an interrupted run gives way after its grace period, starts again, and what it did is counted as lost', () => {
  const of = scenario('1x1xA100:80GB', [run('A', 0, 100, 1, { interruptible: true }), run('B', 10, 5, 1)]);
  // A is interrupted at 10 and gone at 20; B 20–25; A again 25–125
  expect(waits(ours, of)).toEqual({ A: 5, B: 10 });
  const figures = measure([of], ours);
  expect(figures).toMatchObject({ preemptions: 1, meanCompletion: (125 + 15) / 2 });
  expect(figures.lost).toBeCloseTo(20 / 3600, 9);
});

test('a gang starts on two hosts at once or not at all', () => {
  const gang = { jobs: ['0', '1'].map((id) => ({ ...job(2), id })) };
  const of = scenario('2x2xA100:80GB', [run('A', 0, 10, 1), run('B', 1, 5, 2, gang)]);
  for (const policy of [fifo, backfill, shortest, ours]) expect(waits(policy, of)).toEqual({ A: 0, B: 9 });
});
