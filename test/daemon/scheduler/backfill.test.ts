/** The first in line that cannot start keeps what it needs; what others may take meanwhile. */
import { describe, expect, test } from 'vitest';
import { decided, host, hostWith, job, now, reasons, running, started, waiting } from './situations.ts';

const minute = 60_000;
const until = (minutes: number) => ({ endsAt: now + minutes * minute });

describe('when nobody knows the ends', () => {
  const hosts = [hostWith('a', 2), hostWith('h', 2, { name: 'NVIDIA H100', memory: 96 })];
  const held = running('r', { host: 'a', gpus: ['a-0'] });
  const first = waiting('1', { gpu: { count: 2, name: 'A100' } });
  test('its GPUs are kept, even from the shortest; those that it cannot use are not', () => {
    const decision = decided({
      hosts,
      running: [held],
      waiting: [first, waiting('2', { gpu: 1, maxDuration: 1 }), waiting('3', { gpu: { name: 'a100' }, maxDuration: 1 })],
    });
    expect(started(decision)).toEqual(['2 on h: h-0']);
    expect(reasons(decision)).toEqual([
      '1: waits for 1 more A100 GPU (held by r) on a',
      '3: the GPUs are kept for run-1, next in line (no end of r is known: it has no max_duration)',
    ]);
  });
  test('cores and memory beyond what it needs may be taken', () => {
    const needy = waiting('1', { gpu: 2, cpu: 5, memory: 8 });
    const one = { hosts: [hostWith('local', 2)], running: [running('r', { gpus: ['local-0'], cpu: 1 })] };
    expect(started(decided({ ...one, waiting: [needy, waiting('2', { cpu: 3 }), waiting('3', { cpu: 2 })] }))).toEqual(['3 on local']);
    expect(started(decided({ ...one, waiting: [needy, waiting('2', { memory: 25 }), waiting('3', { memory: 24 })] }))).toEqual([
      '3 on local',
    ]);
  });
  test('what is kept for the first in line is not kept for the second', () => {
    const decision = decided({
      hosts,
      running: [held, running('s', { host: 'h', gpus: ['h-0'] })],
      waiting: [first, waiting('2', { gpu: { count: 2, name: 'H100' } }), waiting('3', { gpu: { name: 'H100' } })],
    });
    expect(started(decision)).toEqual(['3 on h: h-1']);
  });
  test('a run that fits on no host keeps nothing', () => {
    const decision = decided({ hosts: [hostWith('a', 2)], running: [], waiting: [waiting('1', { gpu: 3 }), waiting('2', { gpu: 1 })] });
    expect(started(decision)).toEqual(['2 on a: a-0']);
  });
  test('a host where nothing can start, or that it avoids, is not kept', () => {
    const pool = [hostWith('a', 2), { ...hostWith('b', 4), blocked: 'it is unreachable' }, hostWith('c', 4)];
    const avoid = new Map([['c', 'gave it the wrong GPUs']]);
    const decision = decided({ hosts: pool, running: [held], waiting: [waiting('1', { gpu: 2, avoid }), waiting('2', { gpu: 4 })] });
    expect(started(decision)).toEqual(['2 on c: c-0 c-1 c-2 c-3']);
  });
});

describe('when ends are known', () => {
  const hosts = [hostWith('a', 4)];
  const held = running('r', { host: 'a', gpus: ['a-0', 'a-1'] }, until(60));
  const first = waiting('1', { gpu: 3 });
  test('a run that ends before may take what is kept', () => {
    const decision = decided({
      hosts,
      running: [held],
      waiting: [first, waiting('2', { gpu: 1, maxDuration: 60 * minute }), waiting('3', { gpu: 1, maxDuration: 60 * minute })],
    });
    expect(started(decision)).toEqual(['2 on a: a-3', '3 on a: a-2']);
  });
  test('another one takes what is left over then, and no more', () => {
    const decision = decided({
      hosts,
      running: [held],
      waiting: [first, waiting('2', { gpu: 1, maxDuration: 61 * minute }), waiting('3', { gpu: 1 })],
    });
    expect(started(decision)).toEqual(['2 on a: a-3']);
    expect(reasons(decision).at(-1)).toBe('3: the GPUs are kept for run-1, next in line');
  });
  test('hosts on which it will not start are free for all', () => {
    const pool = [hostWith('a', 4), hostWith('b', 4)];
    const others = [held, running('s', { host: 'b', gpus: ['b-0', 'b-1'] }, until(90))];
    const decision = decided({
      hosts: pool,
      running: others,
      waiting: [waiting('1', { gpu: 4 }), waiting('2', { gpu: 1 }), waiting('3', { gpu: 1 }), waiting('4', { gpu: 1 })],
    });
    expect(started(decision)).toEqual(['2 on b: b-2', '3 on b: b-3']);
  });
  test('cores are kept like GPUs', () => {
    const pool = [host('local')];
    const half = running('r', { cpu: 4 }, until(60));
    const queue = [
      waiting('1', { cpu: 6 }),
      waiting('2', { cpu: 3 }),
      waiting('3', { cpu: 2 }),
      waiting('4', { cpu: 2, maxDuration: minute }),
    ];
    expect(started(decided({ hosts: pool, running: [half], waiting: queue }))).toEqual(['3 on local', '4 on local']);
  });
  test('what is left over is given once', () => {
    const half = running('r', { cpu: 4 }, until(60));
    const queue = [waiting('1', { cpu: 6 }), waiting('2', { cpu: 2 }), waiting('3', { cpu: 1 })];
    expect(started(decided({ hosts: [host('local')], running: [half], waiting: queue }))).toEqual(['2 on local']);
  });
  test('a GPU whose run may go on after that is not one of those that it gets', () => {
    const others = [running('s', { host: 'a', gpus: ['a-0'] }), running('r', { host: 'a', gpus: ['a-1'] }, until(60))];
    expect(started(decided({ hosts, running: others, waiting: [first, waiting('2', { gpu: 1 })] }))).toEqual([]);
  });
  test('a gang keeps what it needs on each of its hosts', () => {
    const pool = [hostWith('a', 2), hostWith('b', 2)];
    const held2 = [running('r', { host: 'a', gpus: ['a-0'] }, until(60))];
    const gang = waiting('1', { gpu: 2, nodes: 2 });
    const decision = decided({
      hosts: pool,
      running: held2,
      waiting: [gang, waiting('2', { gpu: 2 }), waiting('3', { gpu: 2, maxDuration: 59 * minute })],
    });
    expect(started(decision)).toEqual(['3 on b: b-0 b-1']);
  });
  test('a gang whose jobs differ keeps for each what it needs', () => {
    const jobs = [job({ gpu: 2, cpu: 1 }, '0'), job({ cpu: 8 }, '1')];
    const queue = [
      waiting('1', { jobs }),
      waiting('2', { cpu: 1, avoid: new Map([['a', 'it has no /data']]) }),
      waiting('3', { cpu: 8 }),
      waiting('4', { cpu: 7 }),
    ];
    const pool = [host('c'), hostWith('a', 2)];
    const r = running('r', { host: 'a', gpus: ['a-0'] }, until(60));
    expect(started(decided({ hosts: pool, running: [r], waiting: queue }))).toEqual(['4 on a']);
  });
  test('one that would end before, but starts nobody knows when, does not claim it', () => {
    const decision = decided({
      hosts: [hostWith('a', 2), hostWith('b', 1)],
      running: [running('r', { host: 'a', gpus: ['a-0'] }, until(60)), running('s', { host: 'b', gpus: ['b-0'] }, { stopping: true })],
      waiting: [
        waiting('1', { gpu: 2 }),
        waiting('2', { gpu: 1, nodes: 2, maxDuration: 59 * minute }),
        waiting('3', { gpu: 1, maxDuration: minute }),
      ],
    });
    expect(started(decision)).toEqual(['3 on a: a-1']);
  });
  test('what was placed a moment ago counts with its end', () => {
    const decision = decided({
      hosts,
      waiting: [
        waiting('1', { gpu: 3, maxDuration: 30 * minute }),
        waiting('2', { gpu: 2 }),
        waiting('3', { gpu: 1, maxDuration: 31 * minute }),
      ],
    });
    // 2 starts when 1 ends, and one GPU is then left over
    expect(started(decision)).toEqual(['1 on a: a-0 a-1 a-2', '3 on a: a-3']);
  });
  test('one that should have ended counts as ending now: nothing fits before', () => {
    const late = running('r', { host: 'a', gpus: ['a-0', 'a-1'] }, { endsAt: now - minute });
    const decision = decided({ hosts, running: [late], waiting: [waiting('1', { gpu: 4 }), waiting('2', { gpu: 1, maxDuration: 1 })] });
    expect(started(decision)).toEqual([]);
  });
});

describe('what is kept may be used if the first in line can start as soon without it', () => {
  const cpus8 = { cpu: 8 };
  const all = (names: string[], gpus: number) => names.map((name) => hostWith(name, gpus));
  const heldOn = (names: string[], over = {}) =>
    running(
      'r',
      names.map((name) => ({ host: name, gpus: [`${name}-0`] })),
      { ...until(60), ...over },
    );
  const not = (...names: string[]) => ({ avoid: new Map(names.map((name) => [name, 'it has no /data'])) });
  test('on another host, where as much is kept from then on', () => {
    const queue = [waiting('1', { gpu: 1, cpu: 1 }), waiting('2', { ...cpus8, ...not('b') }), waiting('3', cpus8)];
    const more = [waiting('4', { cpu: 7, maxDuration: 61 * minute }), waiting('5', { cpu: 1, maxDuration: 60 * minute })];
    const one = { hosts: all(['a', 'b'], 1), running: [heldOn(['a', 'b'])] };
    // 1 would start on a, but b does as well
    expect(started(decided({ ...one, waiting: [...queue, ...more] }))).toEqual(['2 on a', '4 on b', '5 on b']);
    expect(reasons(decided({ ...one, waiting: queue }))[1]).toBe('3: what it needs is kept for run-1, next in line');
  });
  test('not on another host where it could start only later', () => {
    const others = [heldOn(['a']), running('s', { host: 'b', gpus: ['b-0'] }, until(61))];
    const queue = [waiting('1', { gpu: 1, cpu: 1 }), waiting('2', { ...cpus8, ...not('b') })];
    expect(started(decided({ hosts: all(['a', 'b'], 1), running: others, waiting: queue }))).toEqual([]);
  });
  test('not on a host that it avoids, or where nothing can start', () => {
    const pool = [...all(['a', 'b'], 1), { ...hostWith('c', 1), blocked: 'it is unreachable' }];
    const queue = [waiting('1', { gpu: 1, cpu: 1, ...not('b') }), waiting('2', { ...cpus8, ...not('b') })];
    expect(started(decided({ hosts: pool, running: [heldOn(['a', 'b'])], waiting: queue }))).toEqual([]);
  });
  test('with GPUs of the same host that a short run gives back in time', () => {
    const decision = decided({
      hosts: [hostWith('a', 4)],
      running: [running('r', { host: 'a', gpus: ['a-0', 'a-1'] }, until(60))],
      waiting: [
        waiting('1', { gpu: 3 }),
        waiting('2', { gpu: 1, maxDuration: 60 * minute }),
        waiting('3', { gpu: 1 }),
        waiting('4', { gpu: 1 }),
      ],
    });
    expect(started(decision)).toEqual(['2 on a: a-3', '3 on a: a-2']);
  });
  test('with cores of the same host that a short run gives back in time', () => {
    const queue = [
      waiting('1', { cpu: 6 }),
      waiting('2', { cpu: 2, maxDuration: minute }),
      waiting('3', { cpu: 2 }),
      waiting('4', { cpu: 1 }),
    ];
    const half = running('r', { cpu: 4 }, until(60));
    expect(started(decided({ hosts: [host('local')], running: [half], waiting: queue }))).toEqual(['2 on local', '3 on local']);
  });
  test('a gang moves as a whole', () => {
    const decision = decided({
      hosts: all(['a', 'b', 'c'], 1),
      running: [heldOn(['a', 'b', 'c'])],
      waiting: [waiting('1', { gpu: 1, cpu: 1, nodes: 2 }), waiting('2', { ...cpus8, ...not('c') }), waiting('3', cpus8)],
    });
    expect(started(decision)).toEqual(['2 on a']);
  });
  test('a gang gets all that it needs, beside it, or nothing', () => {
    const pool = all(['a', 'b', 'c'], 1);
    const first = waiting('1', { gpu: 1, cpu: 1 });
    const ask = (nodes: number, ...others: ReturnType<typeof waiting>[]) =>
      decided({
        hosts: pool,
        running: [heldOn(['a', 'b', 'c'])],
        waiting: [first, waiting('2', { ...cpus8, nodes, ...not('c') }), ...others],
      });
    expect(started(ask(2))).toEqual(['2 on b', '2 on a']);
    // the third of its jobs finds no room: all is as before
    const rest = [waiting('3', { ...cpus8, ...not('a', 'c') }), waiting('4', { ...cpus8, ...not('a', 'b') }), waiting('5', { cpu: 7 })];
    expect(started(ask(3, ...rest))).toEqual(['3 on b', '4 on c', '5 on a']);
  });
  test('what a gang has tried in vain changes nothing for those behind it', () => {
    const queue = [waiting('1', { gpu: 1, cpu: 1, nodes: 2 }), waiting('2', { ...cpus8, nodes: 2, ...not('c') })];
    const one = { hosts: all(['a', 'b', 'c'], 1), running: [heldOn(['a', 'b', 'c'])] };
    expect(started(decided({ ...one, waiting: [...queue, waiting('3', { ...cpus8, ...not('c') })] }))).toEqual(['3 on a']);
  });
  test('when a gang has tried, it is kept where it was', () => {
    const soft = ['a', 'b', 'c'].map((name) => running(`s-${name}`, { host: name, gpus: [`${name}-1`] }, { interruptible: true }));
    const decision = decided({
      hosts: all(['a', 'b', 'c'], 2),
      running: [heldOn(['a', 'b', 'c']), ...soft],
      waiting: [waiting('1', { gpu: 2, cpu: 1 }), waiting('2', { ...cpus8, nodes: 3, ...not('c') }), waiting('3', { gpu: 1, ...not('b') })],
    });
    expect(decision.preemptions).toEqual([{ id: 's-c', for: '3' }]);
  });
  test('a run rather starts beside it than that others are interrupted', () => {
    const decision = decided({
      hosts: all(['a', 'b', 'c'], 1),
      running: [heldOn(['a', 'b']), running('s', { host: 'c', cpu: 8 }, { interruptible: true })],
      waiting: [waiting('1', { gpu: { count: 1 }, cpu: 1, ...not('c') }), waiting('2', { ...cpus8, ...not('b') })],
    });
    expect([started(decision), decision.preemptions]).toEqual([['2 on a'], []]);
  });
});

describe('interruptible runs', () => {
  const hosts = [hostWith('a', 4)];
  const held = running('r', { host: 'a', gpus: ['a-0', 'a-1'] });
  test('take what is kept for one that is not: they make way', () => {
    const decision = decided({
      hosts,
      running: [held],
      waiting: [waiting('1', { gpu: 4 }), waiting('2', { gpu: 2, interruptible: true })],
    });
    expect(started(decision)).toEqual(['2 on a: a-2 a-3']);
  });
  test('heed what is kept for the first of their own', () => {
    const decision = decided({
      hosts,
      running: [held],
      waiting: [waiting('1', { gpu: 4, interruptible: true }), waiting('2', { gpu: 2, interruptible: true })],
    });
    expect(started(decision)).toEqual([]);
    expect(reasons(decision)[1]).toBe('2: the GPUs are kept for run-1, next in line (no end of r is known: it has no max_duration)');
  });
  test('are counted as gone when what is kept for one that is not is worked out', () => {
    const known = running('r', { host: 'a', gpus: ['a-0'] }, until(60));
    const soft = running('s', { host: 'a', gpus: ['a-1', 'a-2'] }, { interruptible: true });
    // at 60 minutes it gets r's and s's GPUs: the fourth is left over for good
    const decision = decided({
      hosts,
      running: [known, soft, running('t', [])],
      waiting: [waiting('1', { gpu: 3, cpu: 8 }), waiting('2', { gpu: 1 })],
    });
    expect(decision.preemptions).toEqual([{ id: 's', for: '1' }]);
    const four = decided({
      hosts: [hostWith('a', 5)],
      running: [known, soft, running('t', { host: 'a', gpus: ['a-3'] })],
      waiting: [waiting('1', { gpu: 4 }), waiting('2', { gpu: 1, maxDuration: 60 * minute })],
    });
    expect(four.preemptions).toEqual([]);
    expect(started(four)).toEqual(['2 on a: a-4']);
  });
});
