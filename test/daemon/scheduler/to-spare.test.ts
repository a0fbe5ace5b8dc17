/** GPUs that later runs may have when nobody knows when the first in line can start. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../daemon/scheduler/decide.ts';
import type { Running, Situation } from '../../../daemon/scheduler/model.ts';
import { toSpare } from '../../../daemon/scheduler/to-spare.ts';
import { after, inLine } from './carry-out.ts';
import { situations } from './random-situations.ts';
import { decided, gpu, host, hostWith, interrupted, now, reasons, running, started, waiting } from './situations.ts';

const local = (gpus: number) => [hostWith('local', gpus)];
const held = (id: string, from: number, count: number, over: Partial<Running> = {}) =>
  running(id, { gpus: [...Array(count).keys()].map((i) => `local-${from + i}`) }, over);
const soft = { interruptible: true };

describe('how many are to spare', () => {
  test.each([
    [3, 1, [3], 1],
    [3, 1, [1, 2], 0],
    [4, 1, [2, 2], 1],
    [4, 1, [2, 1], 0],
    [2, 1, [3], 2],
    [2, 3, [1], 1],
    [5, 2, [4, 4, 2], 1],
    [3, 0, [1, 1, 1], 0],
  ])('%i asked for, %i free, held %j: %i', (asked, free, held, expected) => expect(toSpare(asked, free, held)).toBe(expected));
});

describe('a later run', () => {
  test('gets the GPU that is left over when the only holder ends, and no second one', () => {
    const decision = decided({
      hosts: local(4),
      running: [held('h', 0, 3)],
      waiting: [waiting('1', { gpu: 3 }), waiting('2', { gpu: 1 }), waiting('3', { gpu: 1 })],
    });
    expect(started(decision)).toEqual(['2 on local: local-3']);
  });
  test('gets none that the first in line could start with if the smaller holder ends first, known end or not', () => {
    for (const endsAt of [null, now + 1]) {
      const queue = [waiting('1', { gpu: 4 }), waiting('2', { gpu: 1 })];
      const all = [held('h', 0, 3), held('i', 3, 2, { endsAt })];
      expect(started(decided({ hosts: local(6), running: all, waiting: queue }))).toEqual([]);
    }
  });
  test('gets nothing beside what something else uses, or who is being stopped, that may come back by itself', () => {
    const queue = [waiting('1', { gpu: 3 }), waiting('2', { gpu: 1 })];
    const gpus = [0, 1, 2, 3, 4].map((i) => gpu(`local-${i}`, i > 2 ? { busy: i === 3 ? 'is used by process 1 (x)' : null } : {}));
    expect(started(decided({ hosts: [host('local', gpus)], running: [held('h', 0, 3)], waiting: queue }))).toEqual(['2 on local: local-4']);
    const four = [waiting('1', { gpu: 2 }), waiting('2', { gpu: 1 })];
    expect(started(decided({ hosts: [host('local', gpus)], running: [held('h', 0, 3)], waiting: four }))).toEqual([]);
    const going = [held('h', 0, 3), held('g', 3, 1, { stopping: true })];
    expect(started(decided({ hosts: local(5), running: going, waiting: [waiting('1', { gpu: 4 }), waiting('2', { gpu: 1 })] }))).toEqual(
      [],
    );
  });
  test('is counted as a holder itself from then on', () => {
    const all = [held('h', 0, 3), held('b', 3, 1)];
    const queue = [waiting('1', { gpu: 3 }), waiting('3', { gpu: 1 })];
    expect(started(decided({ hosts: local(4), running: all, waiting: queue }))).toEqual([]);
  });
  test('gets GPUs only with cores that the first in line does not need', () => {
    const queue = [waiting('1', { gpu: 3, cpu: 6 }), waiting('2', { gpu: 1, cpu: 3 }), waiting('3', { gpu: 1, cpu: 2 })];
    expect(started(decided({ hosts: local(4), running: [held('h', 0, 3)], waiting: queue }))).toEqual(['3 on local: local-3']);
  });
  test('gets what is to spare on each host, and nothing beside a gang', () => {
    const pool = [hostWith('a', 4), hostWith('b', 4)];
    const all = ['a', 'b'].map((name) => running(`h-${name}`, { host: name, gpus: [0, 1, 2].map((i) => `${name}-${i}`) }));
    const later = [waiting('2', { gpu: 1 }), waiting('3', { gpu: 1 }), waiting('4', { gpu: 1 })];
    expect(started(decided({ hosts: pool, running: all, waiting: [waiting('1', { gpu: 3 }), ...later] }))).toEqual([
      '2 on a: a-3',
      '3 on b: b-3',
    ]);
    expect(started(decided({ hosts: pool, running: all, waiting: [waiting('1', { gpu: 3, nodes: 2 }), ...later] }))).toEqual([]);
  });
  test('the same among interruptible ones', () => {
    const queue = [waiting('1', { gpu: 3, ...soft }), waiting('2', { gpu: 1, ...soft }), waiting('3', { gpu: 1, ...soft })];
    expect(started(decided({ hosts: local(4), running: [held('h', 0, 3, soft)], waiting: queue }))).toEqual(['2 on local: local-3']);
  });
});

describe('a later run that may interrupt others', () => {
  const queue = [waiting('1', { gpu: 3 }), waiting('2', { gpu: 1 }), waiting('3', { gpu: 1 })];
  test('does so for a GPU that is to spare, once, and gets it when that has gone', () => {
    const all = [held('h', 0, 3), held('s', 3, 1, soft)];
    const given = { hosts: local(4), running: all, waiting: queue };
    expect(interrupted(decided(given))).toEqual(['s for 2']);
    const going = decided({ ...given, running: [all[0]!, { ...all[1]!, stopping: true, makesWayFor: '2' }] });
    expect([interrupted(going), reasons(going)[1]]).toEqual([[], '2: waits until s has made way']);
    expect(started(decided({ ...given, running: [all[0]!] }))).toEqual(['2 on local: local-3']);
  });
  test('the newest, and not the free one with which the first in line could start', () => {
    const all = [held('h', 0, 2), held('s', 2, 1, { ...soft, startedAt: 5 }), held('t', 3, 1, { ...soft, startedAt: 9 })];
    const decision = decided({ hosts: local(5), running: all, waiting: [waiting('1', { gpu: 4 }), ...queue.slice(1)] });
    expect([started(decision), interrupted(decision)]).toEqual([[], ['t for 2']]);
  });
});

/** When the run starts, in ends, if runs end in that order: the earliest in the list first; null: never. */
function startIn(id: string, first: Situation, ends: readonly string[]): number | null {
  let given = first;
  for (let round = 0; ; round++) {
    const decision = decide(given);
    if (decision.placements.some((one) => one.id === id)) return round;
    given = after(given, decision);
    const next = ends[round];
    if (next === undefined) return null;
    given = { ...given, running: given.running.filter((run) => run.id !== next) };
  }
}

const endings = situations({ limits: false, users: ['ann'], gangs: false, interruptible: 'none', most: 6 }).chain((random) => {
  const waiting = random.waiting.map((run) => ({ ...run, notBefore: null, maxDuration: null }));
  const given: Situation = { ...random, waiting, running: random.running.map((run) => ({ ...run, endsAt: null })) };
  // those that start while it is replayed stay
  return fc.record({
    given: fc.constant(given),
    ends: fc.shuffledSubarray(
      given.running.map(({ id }) => id),
      { minLength: given.running.length },
    ),
  });
});

test('in whatever order runs end, the first in line starts no later than without those behind it', () => {
  let passed = 0;
  fc.assert(
    fc.property(endings, ({ given, ends }) => {
      const decision = decide(given);
      const first = decision.order.find((id) => !decision.reason(id).includes('no host can'));
      if (first === undefined) return;
      const line = inLine(given);
      const before = line.slice(0, line.indexOf(first) + 1);
      passed += decision.placements.filter(({ id }) => !before.includes(id)).length;
      const alone = startIn(first, { ...given, waiting: given.waiting.filter((run) => before.includes(run.id)) }, ends);
      expect(startIn(first, given, ends) ?? Infinity).toBeLessThanOrEqual(alone ?? Infinity);
    }),
    { numRuns: 1000 },
  );
  expect(passed).toBeGreaterThan(0);
});
