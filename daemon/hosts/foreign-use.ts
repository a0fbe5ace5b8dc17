import { basename } from 'node:path';
import { formatSize } from '../../shared/units.ts';
import type { Gpu, GpuProcess } from './host.ts';

export interface ForeignUseOptions {
  /** is it of a run of dstack, on this machine? */
  ours(process: GpuProcess): boolean;
  /** a run of dstack had the GPU when it was read: memory in use is that run's */
  heldWhenRead: boolean;
  /** bytes of memory that count as nothing: what the driver keeps, a leftover */
  busyMemory: number;
}

/**
 * How somebody who is not ours uses the GPU, to follow its name: `is used by process 4711 (python, bob)`; null: nobody does. A desktop does not count: what
 * only draws, nor what draws, computes and has little memory (browsers).
 */
export function foreignUse(gpu: Gpu, { ours, heldWhenRead, busyMemory }: ForeignUseOptions): string | null {
  const others = gpu.processes.filter((process) => !ours(process) && !isDesktop(process, busyMemory));
  const [first] = others.toSorted((a, b) => (b.memory ?? 0) - (a.memory ?? 0));
  if (first) {
    const more = others.length - 1;
    return `is used by process ${describe(first)}${more === 0 ? '' : ` and ${more} ${more === 1 ? 'other' : 'others'}`}`;
  }
  if (heldWhenRead || gpu.memoryUsed === null) return null;
  const desktop = gpu.processes.map((process) => process.memory);
  // how much a desktop takes is not always told: then the rest is not known either
  if (desktop.includes(null)) return null;
  const rest = gpu.memoryUsed - desktop.reduce<number>((sum, memory) => sum + (memory ?? 0), 0);
  return rest > busyMemory ? `has ${formatSize(rest)} of its memory in use by somebody else` : null;
}

function isDesktop(process: GpuProcess, busyMemory: number): boolean {
  switch (process.type) {
    case 'G':
      return true;
    case 'C+G':
      return process.memory !== null && process.memory <= busyMemory;
    case 'C':
      return false;
  }
}

/** `4711 (python, bob)` */
function describe({ pid, name, user }: GpuProcess): string {
  // a command line may stand there in place of the program's path
  const program = basename(name.split(' ')[0] ?? '');
  const known = [program, user].filter(Boolean).join(', ');
  return known === '' ? String(pid) : `${pid} (${known})`;
}
