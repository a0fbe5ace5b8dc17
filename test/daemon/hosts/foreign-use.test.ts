import { expect, test } from 'vitest';
import { foreignUse } from '../../../daemon/hosts/foreign-use.ts';
import { parseReport } from '../../../daemon/hosts/gpu-report.ts';
import type { Gpu, GpuProcess } from '../../../daemon/hosts/host.ts';
import { fixture } from './fixture.ts';

const GB = 1e9;
const of = (name: string, n = 0): Gpu => {
  const gpu = parseReport(fixture(name))?.gpus[n]?.gpu;
  if (!gpu) throw new Error(`${name} has no GPU ${n}`);
  return gpu;
};
const free = { ours: () => false, heldWhenRead: false, busyMemory: GB };
const process = (over: Partial<GpuProcess>): GpuProcess => ({
  pid: 4711,
  name: '/usr/bin/python',
  type: 'C',
  memory: GB / 10,
  user: 'bob',
  container: null,
  ...over,
});
const using = (memoryUsed: number | null, ...processes: GpuProcess[]): Gpu => ({ ...of('h100.xml'), memoryUsed, processes });

test('a process that computes, whoever runs it', () => {
  expect(foreignUse(using(0, process({})), free)).toBe('is used by process 4711 (python, bob)');
  expect(foreignUse(using(0, process({ user: null })), free)).toBe('is used by process 4711 (python)');
  expect(foreignUse(using(0, process({ user: null, name: '', memory: null })), free)).toBe('is used by process 4711');
  expect(foreignUse(of('eight.xml', 3), free)).toBe('is used by process 20311 (python)');
});

test('of several the one with the most memory is named', () => {
  const gpu = using(0, process({ pid: 1 }), process({ pid: 2, memory: GB }), process({ pid: 3, memory: null }));
  expect(foreignUse(gpu, free)).toBe('is used by process 2 (python, bob) and 2 others');
});

test('our own are no hindrance, others beside them are', () => {
  const ours = (one: GpuProcess) => one.container === 'c1';
  const mine = process({ pid: 1, container: 'c1', memory: 40 * GB });
  expect(foreignUse(using(40 * GB, mine), { ...free, ours, heldWhenRead: true })).toBeNull();
  expect(foreignUse(using(41 * GB, mine, process({ pid: 2 })), { ...free, ours, heldWhenRead: true })).toBe(
    'is used by process 2 (python, bob)',
  );
});

test('a desktop on the only GPU of a workstation is no hindrance', () => {
  expect(foreignUse(of('desktop.xml'), free)).toBeNull();
});

test('what draws and computes counts when it has much memory, or does not say', () => {
  expect(foreignUse(using(3 * GB, process({ type: 'C+G', memory: 2 * GB })), free)).toContain('is used by process 4711');
  expect(foreignUse(using(3 * GB, process({ type: 'C+G', memory: null })), free)).toContain('is used by process 4711');
});

test('memory that nobody seen uses', () => {
  expect(foreignUse(using(12 * GB), free)).toBe('has 12 GB of its memory in use by somebody else');
  expect(foreignUse(using(12 * GB), { ...free, heldWhenRead: true })).toBeNull();
  expect(foreignUse(using(0.5 * GB), free)).toBeNull();
  expect(foreignUse(using(null), free)).toBeNull();
});

test('the memory of a desktop is taken off', () => {
  const screen = process({ type: 'G', memory: 2 * GB });
  expect(foreignUse(using(2.9 * GB, screen), free)).toBeNull();
  expect(foreignUse(using(9 * GB, screen), free)).toBe('has 7 GB of its memory in use by somebody else');
  expect(foreignUse(using(9 * GB, { ...screen, memory: null }), free)).toBeNull();
});
