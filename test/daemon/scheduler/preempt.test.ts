/** Interruptible runs make way. */
import { describe, expect, test } from 'vitest';
import { decided, hostWith, interrupted, job, now, reasons, running, started, waiting } from './situations.ts';

const soft = (id: string, host: string, gpus: string[], startedAt: number, over = {}) =>
  running(id, { host, gpus, ...over }, { interruptible: true, startedAt });

describe('preemption', () => {
  const hosts = [hostWith('a', 4)];
  const four = [soft('p', 'a', ['a-0'], 10), soft('q', 'a', ['a-1'], 40), soft('r', 'a', ['a-2'], 30), soft('s', 'a', ['a-3'], 20)];
  test('the newest first, and only as many as are needed', () => {
    const decision = decided({ hosts, running: four, waiting: [waiting('1', { gpu: 2 })] });
    expect(interrupted(decision).sort()).toEqual(['q for 1', 'r for 1']);
    expect(decision.placements).toEqual([]);
    expect(reasons(decision)).toEqual(['1: waits until q, r have made way']);
  });
  test('not for an interruptible run, not of one that is not', () => {
    expect(decided({ hosts, running: four, waiting: [waiting('1', { gpu: 2, interruptible: true })] }).preemptions).toEqual([]);
    const hard = four.map((run) => ({ ...run, interruptible: false }));
    expect(decided({ hosts, running: hard, waiting: [waiting('1', { gpu: 2 })] }).preemptions).toEqual([]);
  });
  test('not while something is free that would do', () => {
    const decision = decided({ hosts: [...hosts, hostWith('b', 2)], running: four, waiting: [waiting('1', { gpu: 2 })] });
    expect([started(decision), decision.preemptions]).toEqual([['1 on b: b-0 b-1'], []]);
  });
  test('what is free counts: only the rest is made', () =>
    expect(interrupted(decided({ hosts, running: four.slice(0, 3), waiting: [waiting('1', { gpu: 2 })] }))).toEqual(['q for 1']));
  test('nobody twice for the same need: who is being stopped already makes way', () => {
    const stopping = four.map((run) => ({ ...run, stopping: run.id === 'p' || run.id === 's' }));
    expect(decided({ hosts, running: stopping, waiting: [waiting('1', { gpu: 2 })] }).preemptions).toEqual([]);
    expect(interrupted(decided({ hosts, running: stopping, waiting: [waiting('1', { gpu: 3 })] }))).toEqual(['q for 1']);
    expect(interrupted(decided({ hosts, running: stopping, waiting: [waiting('1', { gpu: 2 }), waiting('2', { gpu: 1 })] }))).toEqual([
      'q for 2',
    ]);
  });
  test('what will be free is not given to an interruptible one meanwhile, nor what is free already', () => {
    const stopping = four.slice(0, 3).map((run) => ({ ...run, stopping: run.id === 'q' }));
    const decision = decided({
      hosts,
      running: stopping,
      waiting: [waiting('1', { gpu: 2 }), waiting('2', { gpu: 1, interruptible: true, preempted: true })],
    });
    expect(started(decision)).toEqual([]);
    expect(reasons(decision)).toEqual(['1: waits until q has made way', '2: waits for 1 more GPU (held by p, r; kept for run-1)']);
  });
  test('on the host where the fewest must make way, then where they started last', () => {
    const pool = [hostWith('a', 2), hostWith('b', 2), hostWith('c', 2)];
    const all = [
      soft('p', 'a', ['a-0'], 90),
      soft('q', 'a', ['a-1'], 91),
      soft('r', 'b', ['b-0', 'b-1'], 10),
      soft('s', 'c', ['c-0', 'c-1'], 20),
    ];
    expect(interrupted(decided({ hosts: pool, running: all, waiting: [waiting('1', { gpu: 2 })] }))).toEqual(['s for 1']);
    expect(interrupted(decided({ running: all.slice(0, 3), hosts: pool.slice(0, 2), waiting: [waiting('1', { gpu: 2 })] }))).toEqual([
      'r for 1',
    ]);
  });
  test('if it takes several, where the oldest of them is the newest', () => {
    const pool = [hostWith('a', 2), hostWith('b', 2)];
    const all = [soft('p', 'a', ['a-0'], 90), soft('q', 'a', ['a-1'], 10), soft('r', 'b', ['b-0'], 80), soft('s', 'b', ['b-1'], 70)];
    expect(interrupted(decided({ hosts: pool, running: all, waiting: [waiting('1', { gpu: 2 })] })).sort()).toEqual(['r for 1', 's for 1']);
  });
  test('of what will be free as much as can be is claimed, so that others have what is free now', () => {
    const gone = running('p', { host: 'a', gpus: ['a-0', 'a-1', 'a-2'], cpu: 4 }, { stopping: true });
    const gpus = decided({ hosts, running: [gone], waiting: [waiting('1', { gpu: 3 }), waiting('2', { gpu: 1 })] });
    expect(started(gpus)).toEqual(['2 on a: a-3']);
    const cores = decided({
      hosts,
      running: [gone],
      waiting: [waiting('1', { cpu: 5 }), waiting('2', { cpu: 3 }), waiting('3', { cpu: 1 })],
    });
    expect(started(cores)).toEqual(['2 on a']);
  });
  test('not for cores that are kept for the first in line', () => {
    const held = running('h', { host: 'a', cpu: 4 }, { endsAt: now + 60_000 });
    const all = [held, soft('s', 'a', [], 10, { cpu: 4 })];
    const first = waiting('1', { cpu: 6 });
    expect(decided({ hosts, running: all, waiting: [first, waiting('2', { cpu: 3 })] }).preemptions).toEqual([]);
    expect(interrupted(decided({ hosts, running: all, waiting: [first, waiting('2', { cpu: 2 })] }))).toEqual(['s for 2']);
  });
  test('of the newest only those that help: one without the right GPUs stays, and so does one that a later choice makes needless', () => {
    const pool = [hostWith('a', 4, { cpus: 8 })];
    const all = [soft('p', 'a', ['a-0', 'a-1', 'a-2'], 10), soft('q', 'a', ['a-3'], 40), soft('r', 'a', [], 50, { cpu: 1 })];
    expect(interrupted(decided({ hosts: pool, running: all, waiting: [waiting('1', { gpu: 3 })] }))).toEqual(['p for 1']);
    expect(interrupted(decided({ hosts: pool, running: all, waiting: [waiting('1', { cpu: 8 })] }))).toEqual(['r for 1']);
  });
  test('never on a blocked host, nor one that the run avoids, nor for less than all that is lacking', () => {
    const queue = [waiting('1', { gpu: 2, avoid: new Map([['a', 'no /data']]) })];
    expect(decided({ hosts, running: four, waiting: queue }).preemptions).toEqual([]);
    expect(decided({ hosts: [{ ...hosts[0]!, blocked: 'full' }], running: four, waiting: [waiting('1', { gpu: 2 })] }).preemptions).toEqual(
      [],
    );
    const hard = running('h', { host: 'a', cpu: 4 });
    expect(decided({ hosts, running: [...four, hard], waiting: [waiting('1', { gpu: 2, cpu: 5 })] }).preemptions).toEqual([]);
  });
  test('of a gang: each job gets its place, and no more make way than that takes', () => {
    const pool = [hostWith('a', 2), hostWith('b', 2)];
    // the newest gives one GPU, the next both: then the newest is not needed
    const all = [soft('p', 'a', ['a-0'], 90), soft('q', 'b', ['b-0', 'b-1'], 80), running('h', { host: 'a', gpus: ['a-1'] })];
    expect(interrupted(decided({ hosts: pool, running: all, waiting: [waiting('1', { gpu: 1, nodes: 2 })] }))).toEqual(['q for 1']);
    expect(interrupted(decided({ hosts: pool, running: all, waiting: [waiting('1', { gpu: 1, nodes: 3 })] })).sort()).toEqual([
      'p for 1',
      'q for 1',
    ]);
    expect(interrupted(decided({ hosts: pool, running: all, waiting: [waiting('1', { gpu: 1, nodes: 4 })] }))).toEqual([]);
  });
  test('an interrupted gang gives all its hosts, and the next in line uses them', () => {
    const pool = [hostWith('a', 1), hostWith('b', 1)];
    const gang = running(
      'g',
      [
        { host: 'a', gpus: ['a-0'] },
        { host: 'b', gpus: ['b-0'] },
      ],
      { interruptible: true },
    );
    const decision = decided({
      hosts: pool,
      running: [gang],
      waiting: [waiting('1', { gpu: 1 }), waiting('2', { gpu: 1 }), waiting('3', { gpu: 1 })],
    });
    expect(interrupted(decision)).toEqual(['g for 1']);
    expect(reasons(decision).slice(0, 2)).toEqual(['1: waits until g has made way', '2: waits until g has made way']);
  });
  test('who waits for one host does not take what makes way for another run elsewhere', () => {
    const pool = [hostWith('a', 1, { cpus: 4 }), hostWith('b', 1)];
    const gone = { stopping: true };
    // 1 waits for the host that frees itself, b; what made way on a did so for 2, that fits there only
    const all = [
      running('p', { host: 'b', gpus: ['b-0'] }, gone),
      running('q', { host: 'a', gpus: ['a-0'] }, { ...gone, interruptible: true, makesWayFor: '2' }),
    ];
    const queue = [waiting('1', { gpu: 1 }), waiting('2', { gpu: 1, avoid: new Map([['b', 'it has no /data']]) })];
    const decision = decided({ hosts: pool, running: all, waiting: queue });
    expect(reasons(decision)).toEqual(['1: waits until p has made way', '2: waits until q has made way']);
    // and its own before any other
    const own = decided({ hosts: pool, running: all, waiting: [waiting('2', { gpu: 1 }), waiting('3', { gpu: 1 })] });
    expect(reasons(own)).toEqual(['2: waits until q has made way', '3: waits until p has made way']);
  });
  test('what is kept for the first in line is not made for one behind it', () => {
    const all = [...four.slice(0, 2), running('h', { host: 'a', gpus: ['a-2', 'a-3'] })];
    const decision = decided({ hosts, running: all, waiting: [waiting('1', { gpu: 4 }), waiting('2', { gpu: 1 })] });
    expect(decision.preemptions).toEqual([]);
    expect(decided({ hosts, running: all, waiting: [waiting('2', { gpu: 1 })] }).preemptions).toHaveLength(1);
    expect(reasons(decision)).toEqual([
      '1: waits for 2 more GPUs (held by h; p, q would make way)',
      '2: the GPUs are kept for run-1, next in line (no end of h is known: it has no max_duration)',
    ]);
    expect(decision.explain('2').candidates[0]?.why).toBe(
      '0 of its 4 GPUs are free, it wants 1; others would make way, but the GPUs are kept for run-1, next in line (no end of h is known: it has no max_duration)',
    );
  });
  test('a run that should have ended long ago changes nothing', () => {
    const late = four.map((run) => ({ ...run, endsAt: now - 1 }));
    expect(decided({ hosts, running: late, waiting: [waiting('1', { gpu: 1 })] }).preemptions).toHaveLength(1);
  });
});

describe('a gang for which several are interrupted', () => {
  const soft = (id: string, host: string, gpus: string[], startedAt: number) =>
    running(id, { host, gpus }, { interruptible: true, startedAt });
  test('spares one that a later interruption on the same host made needless', () => {
    const decision = decided({
      hosts: [hostWith('a', 3)],
      running: [soft('v', 'a', ['a-0'], 5), soft('w', 'a', ['a-1', 'a-2'], 1)],
      waiting: [waiting('1', { gpu: 1, cpu: 4, nodes: 2 })],
    });
    expect(interrupted(decision)).toEqual(['w for 1']);
  });
  test('and one on another host, also when its jobs differ', () => {
    const jobs = [2, 1, 1].map((count, n) => job({ gpu: count }, String(n)));
    const decision = decided({
      hosts: [hostWith('f', 2, { cpus: 4 }), hostWith('x', 1), hostWith('y', 2)],
      running: [soft('v', 'x', ['x-0'], 5), soft('w', 'y', ['y-0', 'y-1'], 1)],
      waiting: [waiting('1', { jobs })],
    });
    expect(interrupted(decision)).toEqual(['w for 1']);
  });
});
