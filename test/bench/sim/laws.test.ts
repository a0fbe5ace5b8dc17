/** What holds for every pool, every load and every policy, whatever it is good for. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scenario } from './arbitrary.ts';
import { gpusIn, gpusOf, type Scenario } from './model.ts';
import { couldPass, latestStart } from './oracle.ts';
import { backfill } from './policies/backfill.ts';
import { fifo } from './policies/fifo.ts';
import { ours } from './policies/ours.ts';
import { byAge, type Policy } from './policies/policy.ts';
import { shortest } from './policies/shortest.ts';
import { asRunning } from './running.ts';
import { grace, simulate, type Hooks, type Life } from './simulate.ts';

const policies = [ours, fifo, backfill, shortest];
const numRuns = 1000;

/** Every stretch of time for which a job of a run held something. */
const stays = (lives: readonly Life[]) =>
  lives.flatMap(({ task, attempts }) =>
    attempts.flatMap(({ began, ended, placement }) =>
      task.jobs.map((job) => ({ task, job, began, ended, ...placement.jobs.find(({ id }) => id === job.id)! })),
    ),
  );

describe.each(policies.map((policy) => [policy.name, policy] as const))('%s', (_, policy) => {
  test('every run ends, no GPU is used twice, no host gives more than it has, and work in = work out', () =>
    fc.assert(
      fc.property(scenario(false), (of) => {
        let held = 0;
        const { lives } = simulate(of, policy, { passed: ({ now, until, rooms }) => (held += (until - now) * heldIn(of, rooms)) });
        expect(lives.length).toBe(of.tasks.length);
        for (const life of lives) expectWholeLife(life);
        expectNothingTwice(of, lives);
        const work = of.tasks.reduce((sum, task) => sum + gpusOf(task) * task.runs, 0);
        const lost = lives.reduce((sum, { task, attempts }) => {
          return sum + gpusOf(task) * attempts.slice(0, -1).reduce((ms, { began, ended }) => ms + ended - began, 0);
        }, 0);
        expect(held).toBe(work + lost);
      }),
      { numRuns },
    ));
});

describe.each([ours, backfill].map((policy) => [policy.name, policy] as const))('%s', (_, policy) => {
  test('the first in line starts no later than it could when it became the first', () =>
    fc.assert(
      fc.property(scenario(true), (of) => {
        const promised = new Map<string, number>();
        const { lives } = simulate(of, policy, {
          decided: afterwards((situation, running, [first]) => {
            const start = first ? latestStart(situation, running, first) : null;
            if (start !== null) promised.set(first!.id, Math.min(start, promised.get(first!.id) ?? Infinity));
          }),
        });
        for (const { task, attempts } of lives) expect(attempts[0]!.began).toBeLessThanOrEqual(promised.get(task.id) ?? Infinity);
      }),
      { numRuns },
    ));

  test('nothing is idle while a run waits that would fit and not delay the first in line', () =>
    fc.assert(
      fc.property(scenario(true), (of) => {
        simulate(of, policy, {
          decided: afterwards((situation, running, [first, ...others]) => {
            if (!first) return;
            expect(latestStart(situation, running, first)).not.toBe(situation.now);
            for (const run of others) expect([run.id, couldPass(situation, running, first, run)]).toEqual([run.id, null]);
          }),
        });
      }),
      { numRuns },
    ));
});

test('the same seed, the same figures: a simulation depends on nothing else', () =>
  fc.assert(
    fc.property(scenario(false), (of) => {
      const [one, two] = [simulate(of, ours), simulate(of, ours)];
      expect(two.lives).toEqual(one.lives);
    }),
    { numRuns: 100 },
  ));

/** Calls `look` with what runs and who waits, oldest first, once the decision has been carried out. */
function afterwards(look: (...args: After) => void): Hooks['decided'] {
  return (situation, { placements }) => {
    const started = placements.map((placement) =>
      asRunning(
        situation.waiting.find(({ id }) => id === placement.id)!,
        placement,
        situation.now,
      ),
    );
    const left = situation.waiting.filter(({ id }) => !placements.some((placement) => placement.id === id));
    look(situation, [...situation.running, ...started], left.toSorted(byAge));
  };
}
type Decided = Parameters<Policy['decide']>[0];
type After = [situation: Decided, running: Decided['running'], waiting: Decided['waiting']];

const heldIn = (of: Scenario, rooms: readonly { gpus: readonly unknown[] }[]): number =>
  gpusIn(of.hosts) - rooms.reduce((sum, room) => sum + room.gpus.length, 0);

function expectWholeLife({ task, attempts, waited }: Life): void {
  const last = attempts.at(-1)!;
  expect(last.ended - last.began).toBe(task.runs);
  expect(attempts.slice(0, -1).every(({ began, ended }) => task.interruptible && ended - began < task.runs && ended - began >= grace)).toBe(
    true,
  );
  const ran = attempts.reduce((sum, { began, ended }) => sum + ended - began, 0);
  expect(task.arrives + waited + ran).toBe(last.ended);
}

function expectNothingTwice({ hosts }: Scenario, lives: readonly Life[]): void {
  const all = stays(lives);
  for (const { began } of all) {
    const now = all.filter((stay) => stay.began <= began && began < stay.ended);
    const gpus = now.flatMap((stay) => stay.gpus);
    expect(new Set(gpus).size).toBe(gpus.length);
    for (const { name, cpus, memory } of hosts) {
      const here = now.filter(({ host }) => host === name);
      expect(here.reduce((sum, { job }) => sum + (job.cpu ?? 0), 0)).toBeLessThanOrEqual(cpus);
      expect(here.reduce((sum, { job }) => sum + (job.memory ?? 0), 0)).toBeLessThanOrEqual(memory);
    }
  }
}
