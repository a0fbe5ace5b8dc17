import type { GpuRequest } from '../../shared/workflow/model.ts';

/** Whether a GPU is of the model and the memory that are asked for. A memory that nobody knows satisfies no constraint. */
export const matches = (gpu: { name: string; memory: number | null }, want: Pick<GpuRequest, 'name' | 'memory'>): boolean =>
  (want.name === null || gpu.name.toLowerCase().includes(want.name.toLowerCase())) &&
  (want.memory === null || (gpu.memory ?? 0) >= want.memory);

/** Byte order, the same everywhere. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
