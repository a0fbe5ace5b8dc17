import { describe, expect, test } from 'vitest';
import { neverFits } from '../../../daemon/scheduler/never-fits.ts';
import { decided, gpu, host, hostWith, reasons, running, started, waiting } from './situations.ts';

describe('reasons', () => {
  test('who holds the GPUs', () => {
    const held = [running('calm-otter-3', { gpus: ['local-0'] }), running('red-fox-1', { gpus: ['local-1'] })];
    const ask = (count: number) =>
      reasons(decided({ hosts: [hostWith('local', 3)], running: held, waiting: [waiting('1', { gpu: { count, name: 'a100' } })] }));
    expect(ask(2)).toEqual(['1: waits for 1 more a100 GPU (held by calm-otter-3, red-fox-1)']);
    expect(ask(3)).toEqual(['1: waits for 2 more a100 GPUs (held by calm-otter-3, red-fox-1)']);
  });
  test('cores and memory, of the host that lacks least', () => {
    const held = [running('r', { host: 'a', cpu: 6, memory: 30 }), running('s', { host: 'b', cpu: 7 })];
    const ask = (hosts: ReturnType<typeof host>[]) =>
      reasons(decided({ hosts, running: held, waiting: [waiting('1', { cpu: 4, memory: 8 })] }));
    expect(ask([host('a')])).toEqual(['1: waits for 4 cores (2 of 8 are free) and 8 GB of memory (2 GB of 32 GB are free)']);
    expect(ask([host('a'), host('b')])).toEqual(['1: waits for 4 cores (1 of 8 are free) on b']);
  });
  test('everything is blocked, or all that could serve it', () => {
    const full = { ...host('local'), blocked: 'the disk of /x is full' };
    expect(reasons(decided({ hosts: [full], waiting: [waiting('1')] }))).toEqual(['1: local: the disk of /x is full']);
    const hosts = [{ ...hostWith('a', 1), blocked: 'it is unreachable' }, host('b')];
    expect(reasons(decided({ hosts, waiting: [waiting('1', { gpu: 1 })] }))).toEqual(['1: a: it is unreachable']);
  });
  test('no host could ever serve it', () =>
    expect(reasons(decided({ hosts: [host('local')], waiting: [waiting('1', { cpu: 9 })] }))).toEqual([
      "1: no host can serve it: It asks for 9 cores, and the host 'local' has 8",
    ]));
  test('what something else uses is named by its place, and two are enough', () => {
    const foreign = [
      gpu('z', { busy: 'is used by process 19944 (python3, root)' }),
      gpu('a'),
      gpu('y', { busy: 'has the run x of bob, of another dstack daemon', heldBy: { run: 'x', user: 'bob' } }),
      gpu('b', { busy: 'has 3.1 GB of its memory in use by somebody else' }),
    ];
    const decision = decided({ hosts: [host('local', foreign)], waiting: [waiting('1', { gpu: 3 })] });
    expect(reasons(decision)).toEqual([
      '1: waits for 2 more GPUs: GPU 0 is used by process 19944 (python3, root); GPU 2 has the run x of bob, of another dstack daemon; and 1 more',
    ]);
    expect(decision.explain('1')).toEqual({
      candidates: [
        {
          host: 'local',
          why: '1 of its 4 GPUs is free, it wants 3 (GPU 0 is used by process 19944 (python3, root); GPU 2 has the run x of bob, of another dstack daemon; GPU 3 has 3.1 GB of its memory in use by somebody else)',
        },
      ],
      holders: [{ run: 'x', user: 'bob', what: 'GPU 2 of local, by another dstack daemon' }],
    });
  });
  test('of one GPU nothing is counted', () => {
    const one = decided({
      hosts: [hostWith('local', 1)],
      running: [running('r', { gpus: ['local-0'] })],
      waiting: [waiting('1', { gpu: 1 })],
    });
    expect(one.explain('1').candidates).toEqual([{ host: 'local', why: 'its GPU is not free' }]);
  });
  test('what is kept for the first in line is in the way, not who took it until then', () => {
    const soft = { interruptible: true };
    const queue = [waiting('1', { gpu: 3 }), waiting('2', { gpu: 1 }), waiting('3', { gpu: 1, ...soft })];
    const held = [running('h', { gpus: ['local-0', 'local-1'] }), running('s', { gpus: ['local-2'] }, soft)];
    const decision = decided({ hosts: [hostWith('local', 4)], running: held, waiting: queue });
    expect(started(decision)).toEqual(['3 on local: local-3']);
    expect(reasons(decision)).toEqual([
      '1: waits for 2 more GPUs (held by h; kept for run-2; run-3 would make way)',
      '2: waits until s has made way',
    ]);
  });
  test('no end is known of many: it is not said of whom', () => {
    const held = [...Array(3).keys()].map((i) => running(`r${i}`, { gpus: [`local-${i}`] }));
    const queue = [waiting('1', { gpu: 4 }), waiting('2', { gpu: 1 })];
    expect(reasons(decided({ hosts: [hostWith('local', 4)], running: held, waiting: queue }))[1]).toBe(
      '2: the GPUs are kept for run-1, next in line',
    );
    expect(
      reasons(decided({ hosts: [hostWith('local', 3)], running: held.slice(0, 2), waiting: [waiting('1', { gpu: 3 }), queue[1]!] }))[1],
    ).toBe('2: the GPUs are kept for run-1, next in line (no end of r0, r1 is known: they have no max_duration)');
  });
  test('many holders are counted', () => {
    const held = [...Array(6).keys()].map((i) => running(`r${i}`, { gpus: [`local-${i}`] }));
    expect(reasons(decided({ hosts: [hostWith('local', 6)], running: held, waiting: [waiting('1', { gpu: 1 })] }))).toEqual([
      '1: waits for 1 more GPU (held by r0, r1, r2, r3 and 2 others)',
    ]);
  });
  test('asking does not change the decision', () => {
    const decision = decided({
      hosts: [hostWith('a', 2)],
      running: [running('r', { host: 'a', gpus: ['a-0'] })],
      waiting: [waiting('1', { gpu: 1, nodes: 2 }), waiting('2', { gpu: 1 })],
    });
    const before = [reasons(decision), decision.explain('2')];
    expect([reasons(decision), decision.explain('2')]).toEqual(before);
    expect(() => decision.reason('7')).toThrow('does not wait');
  });
});

describe('explain', () => {
  test('host by host, and who holds what it waits for', () => {
    const hosts = [
      hostWith('gpu2', 4),
      hostWith('gpu1', 2, { name: 'T4' }),
      host('cpu1'),
      { ...hostWith('gpu3', 4), blocked: 'it is unreachable' },
      hostWith('gpu4', 4),
    ];
    const held = [
      running('calm-otter-3', { host: 'gpu2', gpus: ['gpu2-2', 'gpu2-0'], cpu: 2 }, { user: 'eve' }),
      running('red-fox-1', { host: 'gpu2', gpus: ['gpu2-1'] }),
      running('slow-bat-2', { host: 'gpu1', gpus: ['gpu1-0'] }),
    ];
    const decision = decided({
      hosts,
      running: held,
      waiting: [waiting('1', { gpu: { count: 2, name: 'A100' }, cpu: 7, avoid: new Map([['gpu4', 'it has no /data']]) })],
    });
    expect(decision.explain('1')).toEqual({
      candidates: [
        { host: 'cpu1', why: 'has no NVIDIA GPU' },
        { host: 'gpu1', why: 'has 0 of the 2 A100 GPUs that it asks for' },
        { host: 'gpu2', why: '1 of its 4 A100 GPUs is free, it wants 2; 6 of 8 cores free, and it asks for 7' },
        { host: 'gpu3', why: 'it is unreachable' },
        { host: 'gpu4', why: 'it has no /data' },
      ],
      holders: [
        { run: 'calm-otter-3', user: 'eve', what: 'GPUs 0, 2 and 2 cores of gpu2' },
        { run: 'red-fox-1', user: 'bob', what: 'GPU 1 of gpu2' },
      ],
    });
  });
  test('there is room, but not for it', () => {
    const decision = decided({
      hosts: [hostWith('a', 2)],
      running: [running('r', { host: 'a', gpus: ['a-0'] })],
      waiting: [waiting('1', { gpu: 2 }), waiting('2', { gpu: 1 })],
    });
    expect(decision.explain('2')).toEqual({
      candidates: [
        { host: 'a', why: 'has room, but the GPUs are kept for run-1, next in line (no end of r is known: it has no max_duration)' },
      ],
      holders: [],
    });
  });
});

describe('neverFits', () => {
  const local = host('local', [gpu('b'), gpu('a'), gpu('c', { memory: 40 }), gpu('d', { never: true })]);
  const none = host('local');
  test('no GPU here', () => {
    expect(neverFits(waiting('1', { gpu: 1 }), [none])).toBe("It asks for 1 GPU, and the host 'local' has no NVIDIA GPU");
    expect(neverFits(waiting('1', { gpu: 1 }), [none, host('b')])).toBe('It asks for 1 GPU, and no host has an NVIDIA GPU');
    expect(neverFits(waiting('1'), [])).toBe('The pool has no host');
  });
  test('not this model', () =>
    expect(neverFits(waiting('1', { gpu: { name: 'H100' } }), [local])).toContain(
      "It asks for 1 H100 GPU, and the host 'local' has none such: its GPUs are 2 × NVIDIA A100-SXM4-80GB (80 GB), NVIDIA A100-SXM4-80GB (40 GB), NVIDIA A100",
    ));
  test('a part of a GPU is not the GPU', () => {
    const parts = host('local', [gpu('MIG-0', { name: 'NVIDIA A100-SXM4-40GB MIG 1g.5gb', memory: 5 })]);
    expect(neverFits(waiting('1', { gpu: { name: 'A100' } }), [parts])).toBe(
      "It asks for 1 A100 GPU, and the host 'local' has none such: its GPU is NVIDIA A100-SXM4-40GB MIG 1g.5gb (5 GB)",
    );
    for (const name of ['1g.5gb', 'MIG', 'a100-sxm4-40gb mig']) expect(neverFits(waiting('1', { gpu: { name } }), [parts])).toBeNull();
    expect(neverFits(waiting('1', { gpu: { name: '2g.10gb' } }), [parts])).toContain('It asks for 1 2g.10gb GPU');
  });
  test('one that can never be handed out does not count', () =>
    expect(neverFits(waiting('1', { gpu: 4 }), [local])).toContain("the host 'local' has 3 such"));
  test('too many cores, too much memory', () => {
    expect(neverFits(waiting('1', { cpu: 9 }), [local])).toBe("It asks for 9 cores, and the host 'local' has 8");
    expect(neverFits(waiting('1', { memory: 33 }), [local])).toBe("It asks for 33 GB of memory, and the host 'local' has 32 GB");
  });
  test('the host that comes closest is named', () => {
    const hosts = [none, hostWith('gpu2', 2), hostWith('gpu1', 1)];
    expect(neverFits(waiting('1', { gpu: 4 }), hosts)).toContain("It asks for 4 GPUs, and the closest host 'gpu2' has 2 such");
    expect(neverFits(waiting('1', { gpu: 2, cpu: 9 }), hosts)).toBe("It asks for 9 cores, and the closest host 'gpu2' has 8");
    expect(neverFits(waiting('1', { gpu: 2, avoid: new Map([['gpu2', 'it has no /data']]) }), hosts)).toContain("closest host 'gpu1'");
    expect(neverFits(waiting('1', { avoid: new Map([['local', 'it has no /data']]) }), [local])).toBe(
      'No host can serve it: local: it has no /data',
    );
  });
  test('a gang must fit as a whole', () => {
    const hosts = [hostWith('gpu2', 2), hostWith('gpu1', 2)];
    expect(neverFits(waiting('1', { gpu: 2, nodes: 2 }), hosts)).toBeNull();
    expect(neverFits(waiting('1', { gpu: 2, nodes: 3 }), hosts)).toBe(
      'Its 3 jobs start together, and all hosts together have room for 2 of them',
    );
    expect(neverFits(waiting('1', { cpu: 5, nodes: 2 }), [none])).toBe(
      "Its 2 jobs start together, and the host 'local' has room for 1 of them",
    );
  });
  test('all that fits, also when the host is blocked now', () =>
    expect(neverFits(waiting('1', { cpu: 8, memory: 32, gpu: 3 }), [{ ...local, blocked: 'full' }])).toBeNull());
});
