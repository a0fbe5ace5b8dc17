import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { neverFits, schedule, type Capacity, type Waiting } from '../../../daemon/scheduler/schedule.ts';

const GB = 1e9;
const gpu = (uuid: string, memory = 80 * GB, holder: string | null = null) => ({ uuid, name: 'NVIDIA A100-SXM4-80GB', memory, holder });
const host: Capacity = {
  host: 'local',
  cpus: 8,
  memory: 32 * GB,
  usedCpu: 0,
  usedMemory: 0,
  gpus: [gpu('b'), gpu('a'), gpu('c', 40 * GB)],
  shortOfDisk: null,
  unreachable: null,
};
const job = (id: string, over: Partial<Waiting> = {}): Waiting => ({
  id,
  run: `run-${id}`,
  priority: 0,
  submittedAt: Number(id),
  cpu: null,
  memory: null,
  gpu: null,
  ...over,
});
const gpus = (count: number, over: { name?: string; memory?: number } = {}) => ({
  count,
  name: over.name ?? null,
  memory: over.memory ?? null,
});

describe('schedule', () => {
  test('what asks for nothing starts at once', () =>
    expect(schedule([job('1'), job('2')], host).placements.map((p) => p.id)).toEqual(['1', '2']));
  test('the smallest GPUs that fit are taken, by UUID', () => {
    expect(schedule([job('1', { gpu: gpus(1) })], host).placements).toEqual([{ id: '1', host: 'local', gpus: ['c'] }]);
    expect(schedule([job('1', { gpu: gpus(1, { memory: 80 * GB, name: 'a100' }) })], host).placements).toEqual([
      { id: '1', host: 'local', gpus: ['a'] },
    ]);
  });
  test('priority goes before age', () => {
    const { placements, reasons } = schedule([job('1', { cpu: 8 }), job('2', { cpu: 8, priority: 1 })], host);
    expect(placements.map((p) => p.id)).toEqual(['2']);
    expect(reasons.get('1')).toBe('number 2 in line, waits for 8 cores (0 of 8 are free)');
  });
  test('the first in line keeps what it could have', () => {
    const busy = { ...host, gpus: [gpu('a', 80 * GB, 'happy-fox-1'), gpu('b')] };
    const { placements, reasons } = schedule([job('1', { gpu: gpus(2) }), job('2', { gpu: gpus(1) }), job('3')], busy);
    expect(placements.map((p) => p.id)).toEqual(['3']);
    expect(reasons.get('1')).toBe('next in line, waits for 1 more GPU (held by happy-fox-1)');
  });
  test('a full disk holds everybody and says so', () => {
    const { placements, reasons } = schedule([job('1')], { ...host, shortOfDisk: 'the disk of /x is full' });
    expect(placements).toEqual([]);
    expect(reasons.get('1')).toBe('next in line, the disk of /x is full');
  });
  test('no GPU is given twice and no capacity exceeded, whatever comes', () => {
    const waiting = fc.record({
      cpu: fc.option(fc.integer({ min: 1, max: 10 })),
      memory: fc.option(fc.integer({ min: 1, max: 40 }).map((n) => n * GB)),
      gpu: fc.option(fc.integer({ min: 1, max: 4 }).map((n) => gpus(n))),
      priority: fc.integer({ min: -2, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(waiting, { maxLength: 12 }), (list) => {
        const queue = list.map((over, i) => job(String(i), over));
        const { placements, reasons } = schedule(queue, host);
        const given = placements.flatMap((p) => p.gpus);
        expect(new Set(given).size).toBe(given.length);
        const placed = queue.filter((j) => placements.some((p) => p.id === j.id));
        expect(placed.reduce((sum, j) => sum + (j.cpu ?? 0), 0)).toBeLessThanOrEqual(host.cpus);
        expect(placed.reduce((sum, j) => sum + (j.memory ?? 0), 0)).toBeLessThanOrEqual(host.memory);
        expect(placements.length + reasons.size).toBe(queue.length);
      }),
    );
  });
});

describe('neverFits', () => {
  const none = { ...host, gpus: [] };
  test('no GPU here', () =>
    expect(neverFits(job('1', { gpu: gpus(1) }), none)).toBe("It asks for 1 GPU, and the host 'local' has no NVIDIA GPU"));
  test('not this model', () =>
    expect(neverFits(job('1', { gpu: gpus(1, { name: 'H100' }) }), host)).toContain(
      "It asks for 1 H100 GPU, and the host 'local' has 0 such: its GPUs are NVIDIA A100",
    ));
  test('too many cores', () => expect(neverFits(job('1', { cpu: 9 }), host)).toBe("It asks for 9 cores, and the host 'local' has 8"));
  test('too much memory', () => expect(neverFits(job('1', { memory: 33 * GB }), host)).toContain('33 GB of memory'));
  test('all that fits', () => expect(neverFits(job('1', { cpu: 8, memory: 32 * GB, gpu: gpus(3) }), host)).toBeNull());
});
