import { describe, expect, test } from 'vitest';
import { hostState, type HostView } from '../../../../daemon/control/queue/host-state.ts';
import type { GpuProcess } from '../../../../daemon/hosts/host.ts';
import { facts, gpu } from '../../doctor/healthy.ts';

const now = 1_000_000;
const view: HostView = {
  now,
  minFreeDisk: 0,
  busyMemory: 1e9,
  blocked: null,
  lastHeld: new Map(),
  containers: new Set(),
  others: new Map(),
  suspects: new Map(),
};
const process: GpuProcess = { pid: 4711, name: 'python', type: 'C', memory: 2e9, user: 'bob', container: null };
const with_ = (over: Partial<HostView>, of: Partial<typeof gpu> = {}, readAt: number | null = now) =>
  hostState({ ...facts, gpus: [{ ...gpu, ...of }], gpusReadAt: readAt }, { ...view, ...over });
const busy = (...given: Parameters<typeof with_>): string | null => with_(...given).gpus[0]?.busy ?? null;

describe('what the scheduler is told of a GPU', () => {
  test('nothing against a free one', () =>
    expect(with_({}).gpus).toEqual([{ uuid: gpu.uuid, name: gpu.name, memory: gpu.memory, busy: null, never: false }]));
  test("somebody's process", () => expect(busy({}, { processes: [process] })).toContain('4711'));
  test('one in a container of ours is none', () =>
    expect(busy({ containers: new Set(['c']) }, { processes: [{ ...process, container: 'c' }] })).toBeNull());
  test('what was read while a run of ours had it says nothing against it', () => {
    const lastHeld = new Map([[gpu.uuid, now]]);
    expect(busy({ lastHeld }, { processes: [process], memoryUsed: 40e9 })).toBeNull();
    // read long after
    expect(busy({ now: now + 60_000, lastHeld }, { processes: [process] }, now + 50_000)).toContain('python');
  });
  test('nor does it after the clock was set back', () =>
    expect(busy({ lastHeld: new Map([[gpu.uuid, now + 86_400_000]]) }, { processes: [process] })).toContain('4711'));
  test('the run of another daemon, and that there is no order between daemons', () =>
    expect(busy({ others: new Map([[gpu.uuid, { run: 'red-fox-1', user: 'bob', installation: 'x' }]]) })).toBe(
      'has the run red-fox-1 of bob, of another dstack daemon (between daemons no order is promised)',
    ));
  test('one in whose place another was given is kept back', () =>
    expect(busy({ suspects: new Map([[gpu.uuid, 'it is kept back']]) })).toBe('it is kept back'));
  test('one that only an earlier daemon has read is kept back, not given up', () => {
    const unread = { ...facts, gpusReadAt: null, gpusStaleSince: now - 60_000, gpuProblem: 'nvidia-smi did not answer.' };
    expect(hostState(unread, view).gpus[0]).toMatchObject({ busy: 'could not be read: nvidia-smi did not answer', never: false });
    expect(hostState({ ...unread, gpusReadAt: now - 60_000 }, view).gpus[0]?.busy).toBeNull();
  });
  test('one that is broken is never handed out', () =>
    expect(with_({}, { problem: 'it has fallen off the bus' }).gpus[0]).toMatchObject({ busy: 'it has fallen off the bus', never: true }));
});

describe('what keeps a whole host back', () => {
  test('nothing', () => expect(with_({}).blocked).toBeNull());
  test('a full disk', () => expect(with_({ minFreeDisk: 1e15 }).blocked).toMatch(/the disk of .* free, less than min_free_disk/));
  test('an engine that is away, first of all', () =>
    expect(with_({ minFreeDisk: 1e15, blocked: 'it is gone' }).blocked).toBe('it is gone'));
});
