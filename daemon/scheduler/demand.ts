/** What the waiting runs ask for, in numbers: kinds of GPUs, and shapes that many runs have in common. */
import type { GpuRequest } from '../../shared/workflow/model.ts';
import { compare, matches } from './match.ts';
import type { HostGpu, HostState, Waiting } from './model.ts';

/** GPUs of one product name and memory. Numbered so that what should be taken first comes first. */
export interface Kind {
  name: string;
  memory: number | null;
}

/** The kinds that satisfy a constraint, ascending. */
export interface Want {
  kinds: readonly number[];
  /** by kind: 1 when it does */
  has: Uint8Array;
}

/** What one job takes. Cores in thousandths, so that sums are exact. */
export interface Need {
  /** which of the run's jobs */
  job: number;
  cpu: number;
  memory: number;
  gpus: number;
  /** null: no GPU */
  want: Want | null;
}

/** What a run asks for; runs with the same share one. */
export interface Shape {
  /** the most demanding first */
  needs: readonly Need[];
  avoid: ReadonlySet<string> | null;
  /** the pass in which it was found not to fit any more; [0] may last, [1] ends before the first in line needs what is kept for it */
  failed: [number, number];
}

export interface Demand {
  kinds: readonly Kind[];
  kindOf(gpu: HostGpu): number;
  shapeOf(run: Pick<Waiting, 'jobs' | 'avoid'>): Shape;
}

export const milli = (cpu: number | null): number => (cpu === null ? 0 : Math.round(cpu * 1000));

/** Kinds are ordered by memory, then by how many GPUs of the queue ask for them in particular, then by name: the least capable goes first. */
export function createDemand(hosts: readonly HostState[], waiting: readonly Pick<Waiting, 'jobs'>[]): Demand {
  const found = new Map<string, Kind & { wanted: number }>();
  const keyOf = (gpu: Kind): string => `${gpu.memory} ${gpu.name}`;
  for (const host of hosts) for (const gpu of host.gpus) if (!found.has(keyOf(gpu))) found.set(keyOf(gpu), { name: gpu.name, memory: gpu.memory, wanted: 0 });
  const asked = new Map<string, { want: GpuRequest; count: number }>();
  for (const run of waiting) {
    for (const { gpu } of run.jobs) {
      if (!gpu || (gpu.name === null && gpu.memory === null)) continue;
      const key = `${gpu.memory} ${gpu.name}`;
      const entry = asked.get(key);
      if (entry) entry.count += gpu.count;
      else asked.set(key, { want: gpu, count: gpu.count });
    }
  }
  for (const kind of found.values()) for (const { want, count } of asked.values()) if (matches(kind, want)) kind.wanted += count;
  const kinds = [...found.values()].sort((a, b) => (a.memory ?? 0) - (b.memory ?? 0) || a.wanted - b.wanted || compare(keyOf(a), keyOf(b)));
  const numbers = new Map(kinds.map((kind, number) => [keyOf(kind), number]));

  const wants = new Map<string, Want>();
  const wantOf = (gpu: GpuRequest): Want => {
    const key = `${gpu.memory} ${gpu.name}`;
    let want = wants.get(key);
    if (!want) {
      const fitting = kinds.map((kind, number) => ({ number, fits: matches(kind, gpu) })).filter((kind) => kind.fits);
      want = { kinds: fitting.map((kind) => kind.number), has: new Uint8Array(kinds.length) };
      for (const { number } of fitting) want.has[number] = 1;
      wants.set(key, want);
    }
    return want;
  };
  const shapes = new Map<string, Shape>();
  return {
    kinds,
    kindOf: (gpu) => numbers.get(keyOf(gpu)) ?? 0,
    shapeOf(run) {
      let key = '';
      for (const { cpu, memory, gpu } of run.jobs) key += gpu ? `${cpu} ${memory} ${gpu.count} ${gpu.memory} ${gpu.name}\n` : `${cpu} ${memory}\n`;
      if (run.avoid.size > 0) key += `!${[...run.avoid.keys()].sort(compare).join('\n')}`;
      const known = shapes.get(key);
      if (known) return known;
      const needs = run.jobs.map(
        ({ cpu, memory, gpu }, job): Need => ({ job, cpu: milli(cpu), memory: memory ?? 0, gpus: gpu?.count ?? 0, want: gpu && gpu.count > 0 ? wantOf(gpu) : null }),
      );
      needs.sort((a, b) => (a.want?.kinds.length ?? 1e9) - (b.want?.kinds.length ?? 1e9) || b.gpus - a.gpus || b.cpu - a.cpu || b.memory - a.memory || a.job - b.job);
      const shape: Shape = { needs, avoid: run.avoid.size > 0 ? new Set(run.avoid.keys()) : null, failed: [0, 0] };
      shapes.set(key, shape);
      return shape;
    },
  };
}
