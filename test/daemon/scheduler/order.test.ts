import { describe, expect, test } from 'vitest';
import { decided, gpu, host, hostWith, now, reasons, running, started, waiting } from './situations.ts';

/** Everybody wants all of a host that is taken: what remains is the order. */
const orderOf = (queue: ReturnType<typeof waiting>[], usage = new Map<string, number>()): string[] =>
  decided({ waiting: queue, usage, hosts: [host('local')], running: [running('r', { cpu: 8 })] }).order;

describe('order', () => {
  test('the older first, by id when equally old, ids that are numbers as numbers', () => {
    expect(orderOf([waiting('3', { cpu: 8 }), waiting('2', { cpu: 8 })])).toEqual(['2', '3']);
    const same = { cpu: 8, submittedAt: 5 };
    expect(orderOf([waiting('10', same), waiting('9', same), waiting('11', same)])).toEqual(['9', '10', '11']);
  });
  test('the higher priority before the older', () =>
    expect(orderOf([waiting('1', { cpu: 8 }), waiting('2', { cpu: 8, priority: 1 })])).toEqual(['2', '1']));
  test('what is not interruptible before what is, whatever its priority', () =>
    expect(orderOf([waiting('1', { cpu: 8, priority: 9, interruptible: true }), waiting('2', { cpu: 8, priority: -9 })])).toEqual([
      '2',
      '1',
    ]));
  test('who was interrupted goes to the front of its class and priority, no further', () =>
    expect(
      orderOf([
        waiting('1', { cpu: 8, interruptible: true }),
        waiting('2', { cpu: 8, interruptible: true, preempted: true }),
        waiting('3', { cpu: 8, interruptible: true, priority: 1 }),
        waiting('4', { cpu: 8 }),
      ]),
    ).toEqual(['4', '3', '2', '1']));
});

describe('fair share', () => {
  const of = (user: string, id: string, over = {}) => waiting(id, { user, cpu: 8, ...over });
  test('users alternate, each one in the order of submitting', () =>
    expect(orderOf([of('ann', '1'), of('ann', '2'), of('ann', '3'), of('bob', '4'), of('bob', '5')])).toEqual(['1', '4', '2', '5', '3']));
  test('who has used much lately comes later', () =>
    expect(orderOf([of('ann', '1'), of('ann', '2'), of('bob', '3'), of('bob', '4')], new Map([['ann', 3600]]))).toEqual([
      '3',
      '4',
      '1',
      '2',
    ]));
  test('a run counts for its GPUs times what it may last', () =>
    // ann's first costs 2 GPUs x 1 h, bob's 1 GPU x 30 min each
    expect(
      orderOf([
        of('ann', '1', { gpu: 2 }),
        of('ann', '2', { gpu: 2 }),
        ...['3', '4', '5', '6', '7'].map((id) => of('bob', id, { gpu: 1, maxDuration: 1_800_000 })),
      ]),
    ).toEqual(['1', '3', '4', '5', '6', '2', '7']));
  test('priority goes before it', () =>
    expect(orderOf([of('ann', '1', { priority: 1 }), of('bob', '2')], new Map([['ann', 1e9]]))).toEqual(['1', '2']));
});

describe('age pays against usage', () => {
  const second = 1000;
  /** Submitted so many seconds ago. */
  const of = (user: string, id: string, ago: number, over = {}) => waiting(id, { user, cpu: 8, submittedAt: now - ago * second, ...over });
  const lineIn = (hosts: ReturnType<typeof host>[], queue: ReturnType<typeof waiting>[], usage: Record<string, number> = {}) =>
    decided({
      hosts,
      waiting: queue,
      usage: new Map(Object.entries(usage)),
      running: hosts.map((one) => running(one.name, { host: one.name, cpu: 8 })),
    }).order;
  const four = [hostWith('local', 4)];
  test('the run of a heavy user comes after the fresh one of a light user, but not for ever: a second is worth a second of all GPUs', () => {
    const against = (ago: number) => lineIn(four, [of('ann', '1', ago), of('bob', '2', 0)], { ann: 8000 });
    expect(against(1999)).toEqual(['2', '1']);
    expect(against(2000)).toEqual(['1', '2']);
    expect(against(2001)).toEqual(['1', '2']);
  });
  test('so that it is passed by none that came later than that after it, whenever one looks', () => {
    for (const ago of [2001, 5000, 1e6]) {
      const later = [1998, 1999, 2000, 2001].map((after, n) => of(`user-${n}`, String(n + 2), ago - after));
      expect(lineIn(four, [of('ann', '1', ago), ...later], { ann: 8000 })).toEqual(['2', '3', '1', '4', '5']);
    }
  });
  test("the user's runs before it count like usage", () => {
    // ann's first costs 1 GPU x 1 h: 900 s of four GPUs
    const queue = [of('ann', '1', 5000, { gpu: 1 }), of('ann', '2', 5000), of('bob', '3', 4101), of('eve', '4', 4100)];
    expect(lineIn(four, queue)).toEqual(['1', '3', '2', '4']);
  });
  test('with one user it is age alone', () => {
    const queue = [of('ann', '1', 1, { gpu: 4 }), of('ann', '2', 9000), of('ann', '3', 2), of('ann', '4', 1e6, { gpu: 8 })];
    expect(lineIn(four, queue, { ann: 1e7 })).toEqual(['4', '2', '3', '1']);
  });
  test('GPUs that are never handed out do not count, those that are not handed out now do; a pool without any counts as one', () => {
    const never = host('a', [gpu('a-0', { never: true }), gpu('a-1', { busy: 'something uses it' })]);
    const blocked = { ...hostWith('b', 1), blocked: 'it is unreachable' };
    const against = (hosts: ReturnType<typeof host>[], ago: number) =>
      lineIn(hosts, [of('ann', '1', ago), of('bob', '2', 0)], { ann: 8000 })[0];
    expect([against([never, blocked], 3999), against([never, blocked], 4000)]).toEqual(['2', '1']);
    expect([against([host('a')], 7999), against([host('a')], 8000)]).toEqual(['2', '1']);
  });
});

describe('a pause', () => {
  const queue = [
    waiting('1', { gpu: 1, notBefore: now + 60_000 }),
    waiting('2', { gpu: 1, notBefore: now + 30_000 }),
    waiting('3', { gpu: 1, notBefore: now }),
  ];
  const decision = decided({ waiting: queue, hosts: [hostWith('local', 1)] });
  test('nothing is kept for who pauses, and it is told when to look again', () => {
    expect(started(decision)).toEqual(['3 on local: local-0']);
    expect([decision.again, [...decision.paused]]).toEqual([now + 30_000, ['2', '1']]);
    expect(decided({}).again).toBeNull();
  });
  test('it says when it goes on', () =>
    expect(reasons(decision)).toEqual(['2: tries again at 00:17:10 UTC', '1: tries again at 00:17:40 UTC']));
});

describe('limits of a user', () => {
  const hosts = [hostWith('local', 6)];
  const limits = (user: string) => (user === 'ann' ? { gpus: 4, runs: null } : { gpus: null, runs: user === 'bob' ? 1 : null });
  const held = running('r', { gpus: ['local-0', 'local-1', 'local-2'] }, { user: 'ann' });
  test('who would exceed them waits, keeps nothing from others, and the smaller run of the same user goes', () => {
    const decision = decided({
      hosts,
      limits,
      running: [held],
      waiting: [
        waiting('1', { gpu: 2 }),
        waiting('2', { gpu: 1 }),
        waiting('3', { gpu: 1 }),
        waiting('4', { cpu: 1 }),
        waiting('5', { gpu: 2, user: 'eve' }),
      ],
    });
    expect(decision.placements.map((placement) => placement.id).sort()).toEqual(['2', '4', '5']);
    expect(reasons(decision)).toEqual([
      '1: ann has 4 GPUs, the most that policy.yaml allows at once',
      '3: ann has 4 GPUs, the most that policy.yaml allows at once',
    ]);
  });
  test('it says how many it has, and whether it could ever start', () => {
    const decision = decided({ hosts, limits, running: [held], waiting: [waiting('1', { gpu: 2 }), waiting('2', { gpu: 5 })] });
    expect(reasons(decision)).toEqual([
      '1: ann has 3 of the 4 GPUs that policy.yaml allows at once, and it asks for 2',
      '2: ann may have 4 GPUs at once by policy.yaml, and it asks for 5',
    ]);
  });
  test('runs at once', () => {
    const decision = decided({ hosts, limits, waiting: [waiting('1', { user: 'bob' }), waiting('2', { user: 'bob' })] });
    expect(started(decision)).toEqual(['1 on local']);
    expect(reasons(decision)).toEqual(['2: bob has 1 run, the most that policy.yaml allows at once']);
  });
  test('nobody is interrupted for a run that its user may not start', () => {
    const soft = running('s', { gpus: ['local-3', 'local-4', 'local-5'] }, { interruptible: true });
    const decision = decided({ hosts, limits, running: [held, soft], waiting: [waiting('1', { gpu: 2 })] });
    expect(decision.preemptions).toEqual([]);
  });
});
