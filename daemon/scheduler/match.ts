import type { GpuRequest } from '../../shared/workflow/model.ts';

/** A part of a GPU (a MIG device), by its name: `NVIDIA A100-SXM4-40GB MIG 1g.5gb`. */
const isPart = (name: string): boolean => / MIG /i.test(name);
const namesPart = (wanted: string): boolean => /mig|\dg\.\d/i.test(wanted);

/** Whether a GPU is of the model and the memory that are asked for. A memory that nobody knows satisfies no constraint. */
export const matches = (gpu: { name: string; memory: number | null }, want: Pick<GpuRequest, 'name' | 'memory'>): boolean =>
  // who asks for an A100 does not mean a seventh of one
  (want.name === null || (gpu.name.toLowerCase().includes(want.name.toLowerCase()) && (!isPart(gpu.name) || namesPart(want.name)))) &&
  (want.memory === null || (gpu.memory ?? 0) >= want.memory);

/** Byte order, the same everywhere. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
