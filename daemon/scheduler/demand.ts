/** What the waiting runs ask for, in numbers: kinds of GPUs, and shapes that many runs have in common. */
import type { GpuRequest } from '../../shared/workflow/model.ts';
import { compare, matches } from './match.ts';
import type { HostState, Request, Waiting } from './model.ts';

/** GPUs of one product name and memory. Numbered so that what should be taken first comes first. */
export interface Kind {
  name: string;
  memory: number | null;
}

/** The kinds that satisfy a constraint, ascending. */
export interface Want {
  kinds: readonly number[];
  /** the same, those of equal memory together: none of these is the more capable one */
  tiers: readonly (readonly number[])[];
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
  /** all its jobs need the same */
  uniform: boolean;
  avoid: ReadonlySet<string> | null;
  /** the pass in which it was found not to fit any more; 0: none */
  failed: number;
  /** the same for runs that end before the first in line needs what is kept for it */
  failedShort: number;
}

export interface Demand {
  kinds: readonly Kind[];
  kindOf(gpu: Kind): number;
  shapeOf(run: Pick<Waiting, 'jobs' | 'avoid'>): Shape;
}

export const milli = (cpu: number | null): number => (cpu === null ? 0 : Math.round(cpu * 1000));

/** A map by name and memory. */
class ByKind<V> {
  private readonly names = new Map<string | null, Map<number | null, V>>();
  get(key: { name: string | null; memory: number | null }): V | undefined {
    return this.names.get(key.name)?.get(key.memory);
  }
  set(key: { name: string | null; memory: number | null }, value: V): V {
    let memories = this.names.get(key.name);
    if (!memories) this.names.set(key.name, (memories = new Map()));
    memories.set(key.memory, value);
    return value;
  }
  *values(): Iterable<V> {
    for (const memories of this.names.values()) yield* memories.values();
  }
}

interface Counted {
  kind: Kind;
  /** GPUs that the queue asks for of this kind in particular */
  wanted: number;
  number: number;
}

/** Kinds are ordered by memory, then by how many GPUs of the queue ask for them in particular, then by name: the least capable goes first. */
export function createDemand(hosts: readonly HostState[], waiting: readonly Pick<Waiting, 'jobs'>[]): Demand {
  const found = new ByKind<Counted>();
  for (const host of hosts) {
    let last: Kind | null = null;
    for (const gpu of host.gpus) {
      if (last?.name === gpu.name && last.memory === gpu.memory) continue;
      last = gpu;
      if (!found.get(gpu)) found.set(gpu, { kind: { name: gpu.name, memory: gpu.memory }, wanted: 0, number: 0 });
    }
  }
  const asked = new ByKind<{ want: GpuRequest; count: number }>();
  for (const run of waiting) {
    for (const { gpu } of run.jobs) {
      if (!gpu || (gpu.name === null && gpu.memory === null)) continue;
      const entry = asked.get(gpu) ?? asked.set(gpu, { want: gpu, count: 0 });
      entry.count += gpu.count;
    }
  }
  const counted = [...found.values()];
  for (const one of counted) for (const { want, count } of asked.values()) if (matches(one.kind, want)) one.wanted += count;
  counted.sort(
    (a, b) =>
      (a.kind.memory ?? 0) - (b.kind.memory ?? 0) ||
      a.wanted - b.wanted ||
      compare(a.kind.name, b.kind.name) ||
      Number(a.kind.memory !== null) - Number(b.kind.memory !== null),
  );
  for (const [number, one] of counted.entries()) one.number = number;
  const kinds = counted.map((one) => one.kind);
  const wants = new ByKind<Want>();
  const wantOf = (gpu: GpuRequest): Want => wants.get(gpu) ?? wants.set(gpu, newWant(kinds, gpu));
  return { kinds, kindOf: (gpu) => found.get(gpu)?.number ?? 0, shapeOf: createShapes(wantOf) };
}

function newWant(kinds: readonly Kind[], gpu: GpuRequest): Want {
  const has = Uint8Array.from(kinds, (kind) => (matches(kind, gpu) ? 1 : 0));
  const fitting = [...has.keys()].filter((number) => has[number] === 1);
  return { has, kinds: fitting, tiers: tiersOf(kinds, fitting) };
}

function tiersOf(kinds: readonly Kind[], numbers: readonly number[]): number[][] {
  const tiers: number[][] = [];
  let memory = -1;
  for (const number of numbers) {
    const own = kinds[number]!.memory ?? 0;
    if (own === memory) tiers.at(-1)!.push(number);
    else tiers.push([number]);
    memory = own;
  }
  return tiers;
}

const kindsOf = (need: Need): number => need.want?.kinds.length ?? Infinity;
const byDemand = (a: Need, b: Need): number => {
  if (kindsOf(a) !== kindsOf(b)) return kindsOf(a) - kindsOf(b);
  return b.gpus - a.gpus || b.cpu - a.cpu || b.memory - a.memory || a.job - b.job;
};

function createShapes(wantOf: (gpu: GpuRequest) => Want): Demand['shapeOf'] {
  // most runs have one job and avoid nothing: found by a number that may be that of several
  const single = new Map<number, Shape[]>();
  const others = new Map<string, Shape>();
  const needOf = ({ cpu, memory, gpu }: Request, job: number): Need => {
    const gpus = gpu?.count ?? 0;
    return { job, cpu: milli(cpu), memory: memory ?? 0, gpus, want: gpu && gpus > 0 ? wantOf(gpu) : null };
  };
  const newShape = (needs: Need[], avoid: Shape['avoid']): Shape => {
    const [first] = needs;
    const uniform = needs.every((need) => first && byDemand({ ...need, job: 0 }, { ...first, job: 0 }) === 0 && need.want === first.want);
    return { needs, uniform, avoid, failed: 0, failedShort: 0 };
  };
  const singleShape = (job: Request): Shape => {
    const cpu = milli(job.cpu);
    const memory = job.memory ?? 0;
    const gpus = job.gpu?.count ?? 0;
    const want = job.gpu && gpus > 0 ? wantOf(job.gpu) : null;
    const key = memory + cpu * 1009 + gpus * 31;
    const same = single.get(key);
    for (const shape of same ?? []) {
      const need = shape.needs[0]!;
      if (need.want === want && need.gpus === gpus && need.cpu === cpu && need.memory === memory) return shape;
    }
    const shape: Shape = { needs: [{ job: 0, cpu, memory, gpus, want }], uniform: true, avoid: null, failed: 0, failedShort: 0 };
    if (same) same.push(shape);
    else single.set(key, [shape]);
    return shape;
  };
  return ({ jobs, avoid }) => {
    if (jobs.length === 1 && avoid.size === 0) return singleShape(jobs[0]!);
    const key = keyOf(jobs, avoid);
    let shape = others.get(key);
    if (!shape) others.set(key, (shape = newShape(jobs.map(needOf).sort(byDemand), avoid.size > 0 ? new Set(avoid.keys()) : null)));
    return shape;
  };
}

/** Equal for what asks for the same and avoids the same hosts. */
function keyOf(jobs: readonly Request[], avoid: ReadonlyMap<string, string>): string {
  let key = '';
  let last: Request | null = null;
  for (const job of jobs) {
    const { cpu, memory, gpu } = job;
    if (last && sameRequest(job, last)) key += '=';
    else key += gpu ? `\n${cpu} ${memory} ${gpu.count} ${gpu.memory} ${gpu.name}` : `\n${cpu} ${memory}`;
    last = job;
  }
  return avoid.size === 0 ? key : `${key}\0${[...avoid.keys()].sort(compare).join('\0')}`;
}

const sameRequest = (a: Request, b: Request): boolean =>
  a.cpu === b.cpu &&
  a.memory === b.memory &&
  a.gpu?.count === b.gpu?.count &&
  a.gpu?.memory === b.gpu?.memory &&
  a.gpu?.name === b.gpu?.name;
