import { describe, expect, test } from 'vitest';
import { decided, gpu, host, hostWith, reasons, running, started, waiting } from './situations.ts';

describe('GPUs', () => {
  const three = host('local', [gpu('b'), gpu('a'), gpu('c', { memory: 40 })]);
  test('the smallest that fit are taken, then by UUID', () => {
    expect(started(decided({ hosts: [three], waiting: [waiting('1', { gpu: 1 })] }))).toEqual(['1 on local: c']);
    const big = waiting('1', { gpu: { count: 1, memory: 80e9, name: 'a100' } });
    expect(started(decided({ hosts: [three], waiting: [big] }))).toEqual(['1 on local: a']);
  });
  test('of one kind rather than of two, of two if need be', () => {
    expect(started(decided({ hosts: [three], waiting: [waiting('1', { gpu: 2 })] }))).toEqual(['1 on local: a b']);
    expect(started(decided({ hosts: [three], waiting: [waiting('1', { gpu: 3 })] }))).toEqual(['1 on local: a b c']);
  });
  test('whose memory is unknown satisfy no constraint', () => {
    const decision = decided({
      hosts: [host('local', [gpu('a', { memory: null }), gpu('b')])],
      waiting: [waiting('1', { gpu: { memory: 1 } })],
    });
    expect(started(decision)).toEqual(['1 on local: b']);
  });
  test('that something else uses or that broke are left alone', () => {
    const odd = host('local', [gpu('a', { busy: 'is used by process 4711 (python)' }), gpu('b', { never: true }), gpu('c')]);
    const decision = decided({ hosts: [odd], waiting: [waiting('1', { gpu: 1 }), waiting('2', { gpu: 1 })] });
    expect(started(decision)).toEqual(['1 on local: c']);
    expect(reasons(decision)).toEqual(['2: waits for 1 more GPU (held by run-1): GPU 0 is used by process 4711 (python)']);
  });
  test('one that is in use when its run ends is not free then', () => {
    const odd = host('local', [gpu('a', { busy: 'is used by process 4711 (python)' })]);
    const decision = decided({
      hosts: [odd],
      running: [running('r', { gpus: ['a'] }, { stopping: true })],
      waiting: [waiting('1', { gpu: 1 })],
    });
    expect(reasons(decision)).toEqual(['1: waits for 1 more GPU: GPU 0 is used by process 4711 (python)']);
  });
  test('asked for by nobody in particular go before those that somebody asks for by name', () => {
    const hosts = [host('a', [gpu('p', { name: 'P100', memory: 16 })]), host('b', [gpu('t', { name: 'T4', memory: 16 })])];
    const named = waiting('2', { gpu: { name: 'P100' } });
    expect(started(decided({ hosts, waiting: [waiting('1', { gpu: 1 }), named] }))).toEqual(['1 on b: t', '2 on a: p']);
    expect(started(decided({ hosts, waiting: [waiting('1', { gpu: 1 })] }))).toEqual(['1 on a: p']);
  });
});

describe('the host', () => {
  test('where the fewest GPUs are free, of these one in use', () => {
    const hosts = [hostWith('a', 4), hostWith('b', 8), hostWith('c', 8)];
    const held = [
      running('r', { host: 'b', gpus: ['b-0', 'b-1', 'b-2', 'b-3'] }),
      running('s', { host: 'c', gpus: ['c-0', 'c-1', 'c-2', 'c-3', 'c-4', 'c-5'] }),
    ];
    const queue = [waiting('1', { gpu: 2 }), waiting('2', { gpu: 2 }), waiting('3', { gpu: 4 })];
    expect(started(decided({ hosts, running: held, waiting: queue }))).toEqual([
      '1 on c: c-6 c-7',
      '2 on b: b-4 b-5',
      '3 on a: a-0 a-1 a-2 a-3',
    ]);
  });
  test('whatever its kind, of GPUs of the same memory', () => {
    const hosts = [hostWith('a', 8), host('b', [gpu('b-0', { name: 'Z9' }), gpu('b-1', { name: 'Z9' })])];
    expect(started(decided({ hosts, waiting: [waiting('1', { gpu: 1 }), waiting('2', { gpu: 8 })] }))).toEqual([
      '1 on b: b-0',
      '2 on a: a-0 a-1 a-2 a-3 a-4 a-5 a-6 a-7',
    ]);
  });
  test('where the least is left over', () => {
    const hosts = [host('a', [], { cpus: 16 }), host('b', [], { cpus: 4 }), host('c')];
    expect(started(decided({ hosts, waiting: [waiting('1', { cpu: 3 })] }))).toEqual(['1 on b']);
    expect(started(decided({ hosts, waiting: [waiting('1', { cpu: 5 })] }))).toEqual(['1 on c']);
  });
  test('without GPUs for who needs none, else where the fewest are free', () => {
    const hosts = [hostWith('a', 2), hostWith('b', 2), host('z', [], { cpus: 2 })];
    const held = running('r', { host: 'b', gpus: ['b-0'] });
    expect(started(decided({ hosts, running: [held], waiting: [waiting('1', { cpu: 2 }), waiting('2', { cpu: 2 })] }))).toEqual([
      '1 on z',
      '2 on b',
    ]);
  });
  test('that is blocked, or that the run avoids, gets nothing', () => {
    const hosts = [hostWith('a', 1), { ...hostWith('b', 1), blocked: 'the disk of /x is full' }, hostWith('c', 1)];
    const decision = decided({
      hosts,
      waiting: [
        waiting('1', { gpu: 1, avoid: new Map([['a', 'gave it the wrong GPUs']]) }),
        waiting('2', { gpu: 1 }),
        waiting('3', { gpu: 1 }),
      ],
    });
    expect(started(decision)).toEqual(['1 on c: c-0', '2 on a: a-0']);
  });
  test('thirds of cores add up', () => {
    const decision = decided({
      hosts: [host('local', [], { cpus: 1 })],
      waiting: ['1', '2', '3', '4'].map((id) => waiting(id, { cpu: id === '1' ? 0.7 : 0.1 })),
    });
    expect(decision.placements).toHaveLength(4);
  });
});

describe('gangs', () => {
  test('are placed whole, several jobs on one host if need be', () => {
    const hosts = [hostWith('a', 2), hostWith('b', 4)];
    const decision = decided({ hosts, waiting: [waiting('1', { gpu: 2, nodes: 3 })] });
    expect(started(decision)).toEqual(['1 on a: a-0 a-1', '1 on b: b-0 b-1', '1 on b: b-2 b-3']);
  });
  test('or not at all: what was taken for them is free for others', () => {
    const hosts = [hostWith('a', 2), host('b', [gpu('x', { busy: 'is used by process 1 (x)' })])];
    const gang = waiting('1', { gpu: 1, nodes: 3 });
    const decision = decided({ hosts, waiting: [gang] });
    expect(started(decision)).toEqual([]);
    expect(reasons(decision)).toEqual([
      '1: waits for 1 more GPU on b: GPU 0 is used by process 1 (x); its 3 jobs start together, and 2 would have room',
    ]);
  });
  test('one that fails for one of its jobs says nothing of those that ask only for the other', () => {
    const mixed = waiting('1', { jobs: [...waiting('1', { gpu: 1 }).jobs, { ...waiting('1', { cpu: 9 }).jobs[0]!, id: '1' }] });
    const decision = decided({ hosts: [hostWith('a', 2)], waiting: [mixed, waiting('2', { gpu: 1, nodes: 2 })] });
    expect(started(decision)).toEqual(['2 on a: a-0', '2 on a: a-1']);
  });
  test('the jobs keep their ids though the most demanding is placed first', () => {
    const jobs = [
      { ...waiting('1', { cpu: 1 }).jobs[0]!, id: 'small' },
      { ...waiting('1', { gpu: 1 }).jobs[0]!, id: 'large' },
    ];
    const decision = decided({ hosts: [hostWith('a', 1), host('b')], waiting: [waiting('1', { jobs })] });
    expect(decision.placements[0]?.jobs).toEqual([
      { id: 'small', host: 'b', gpus: [] },
      { id: 'large', host: 'a', gpus: ['a-0'] },
    ]);
  });
});
