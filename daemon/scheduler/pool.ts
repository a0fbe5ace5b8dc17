/**
 * The hosts while a decision is made: what is free, what soon is, and who has the rest. Hosts and GPUs are numbered; hosts with fewer GPUs and
 * less memory come first, the GPUs of a host by kind and UUID.
 *
 * INVARIANT: in one pass capacity is only ever taken, so what did not fit once does not fit again.
 */
import { createBuckets, moveTo, type Buckets } from './buckets.ts';
import { milli, type Demand, type Kind } from './demand.ts';
import { compare } from './match.ts';
import type { HostGpu, HostState, Situation } from './model.ts';

/** Where a GPU stands. */
export const FREE = 0;
/** a run has it */
export const HELD = 1;
/** an interruptible run has it that could be interrupted */
export const SOFT = 2;
/** a run that is being stopped has it */
export const SOON = 3;
/** it is promised to a waiting run */
export const CLAIMED = 4;
/** something else uses it */
export const BUSY = 5;
export const NEVER = 6;

/** A run that has hosts: one that runs, or one that was just placed. */
export interface Holder {
  id: string;
  run: string;
  user: string;
  startedAt: number;
  /** the latest it ends; Infinity: nobody knows */
  end: number;
  interruptible: boolean;
  stopping: boolean;
  parts: { host: number; cpu: number; memory: number; gpus: number[] }[];
}

/** An amount of cores (in thousandths) and memory per host. */
export interface Amounts {
  cpu: Float64Array;
  memory: Float64Array;
}

export interface Pool {
  hosts: readonly HostState[];
  numberOf: ReadonlyMap<string, number>;
  kinds: readonly Kind[];
  /** 1: something can start there */
  open: Uint8Array;
  total: Amounts;
  free: Amounts;
  /** held by runs that are being stopped */
  soon: Amounts;
  /** held by interruptible runs */
  soft: Amounts;
  /** what is left beside what is kept for the first in line; Infinity: nothing is kept there */
  spare: Amounts;
  /** what a run may take that lasts: the less of free and spare */
  room: Amounts;
  /** the GPUs of host h: from[h] to from[h + 1] */
  from: Int32Array;
  gpus: readonly HostGpu[];
  kindOf: Uint16Array;
  state: Uint8Array;
  /** 1: kept for the first in line */
  kept: Uint8Array;
  /** who has it, by number in holders; -1: nobody */
  holderOf: Int32Array;
  /** whom it is promised to */
  claimedFor: Map<number, string>;
  holders: Holder[];
  /** interruptible ones on each host, the newest first */
  softOn: Holder[][];
  /** by kind: hosts by free GPUs that nothing keeps; level 2n: some of the host's GPUs are in use, 2n + 1: none is */
  byKind: Buckets[];
  /** level 0: hosts without GPUs; n + 1: n free ones */
  byGpus: Buckets;
  /** hosts with GPUs of several kinds */
  mixed: number[];
  /** the most GPUs of a host */
  most: number;
  /** open hosts with something that is held by a run that is being stopped; level 1: and with GPUs that are free or soon will be */
  bySoon: Buckets;
  /** hosts with interruptible runs, the one with the newest first */
  softHosts: number[];
  /** the most GPUs that one of them has or had there */
  mostSoft: Int32Array;
  /** for whom runs on a host make way, once for each of them */
  awaited: Map<number, string[]>;
  /** GPUs of each host that are free or soon will be */
  slack: Int32Array;
}

const amounts = (hosts: number): Amounts => ({ cpu: new Float64Array(hosts), memory: new Float64Array(hosts) });

/** The pool before anything is decided. */
export function createPool(situation: Pick<Situation, 'hosts' | 'running'>, demand: Demand): Pool {
  const hosts = [...situation.hosts].sort(
    (a, b) => a.gpus.length - b.gpus.length || a.memory - b.memory || a.cpus - b.cpus || compare(a.name, b.name),
  );
  const count = hosts.length;
  const all: HostGpu[] = [];
  const kindNumbers: number[] = [];
  const from = new Int32Array(count + 1);
  let most = 0;
  for (const [h, host] of hosts.entries()) {
    for (const one of sortGpus(host.gpus, demand)) {
      all.push(one.gpu);
      kindNumbers.push(one.kind);
    }
    from[h + 1] = all.length;
    most = Math.max(most, host.gpus.length);
  }
  const pool: Pool = {
    hosts,
    numberOf: new Map(hosts.map((host, h) => [host.name, h])),
    kinds: demand.kinds,
    open: new Uint8Array(count),
    total: amounts(count),
    free: amounts(count),
    soon: amounts(count),
    soft: amounts(count),
    spare: amounts(count),
    room: amounts(count),
    from,
    gpus: all,
    kindOf: Uint16Array.from(kindNumbers),
    state: new Uint8Array(all.length),
    kept: new Uint8Array(all.length),
    holderOf: new Int32Array(all.length).fill(-1),
    claimedFor: new Map(),
    holders: [],
    softOn: hosts.map(() => []),
    byKind: demand.kinds.map(() => createBuckets(count, 2 * most + 2)),
    byGpus: createBuckets(count, most + 2),
    mixed: [],
    most,
    bySoon: createBuckets(count, 2),
    softHosts: [],
    mostSoft: new Int32Array(count),
    slack: new Int32Array(count),
    awaited: new Map(),
  };
  for (const [h, host] of hosts.entries()) {
    pool.open[h] = host.blocked === null ? 1 : 0;
    pool.total.cpu[h] = pool.free.cpu[h] = milli(host.cpus);
    pool.total.memory[h] = pool.free.memory[h] = host.memory;
  }
  for (const [g, gpu] of all.entries()) {
    pool.state[g] = gpu.never ? NEVER : gpu.busy === null ? FREE : BUSY;
  }
  for (let h = 0; h < count; h++)
    if (pool.kindOf[from[h]!] !== pool.kindOf[from[h + 1]! - 1] && from[h + 1]! > from[h]!) pool.mixed.push(h);
  for (const run of situation.running) addRunning(pool, run);
  for (const [h, list] of pool.softOn.entries()) {
    if (list.length > 1) list.sort(newestFirst);
    if (list.length > 0 && pool.open[h] === 1) pool.softHosts.push(h);
  }
  pool.softHosts.sort((a, b) => newestOn(pool, b) - newestOn(pool, a) || a - b);
  keepNothing(pool);
  return pool;
}

/** By kind and UUID. */
function sortGpus(gpus: readonly HostGpu[], demand: Demand): { gpu: HostGpu; kind: number }[] {
  let last: HostGpu | null = null;
  let kind = 0;
  const numbered: { gpu: HostGpu; kind: number }[] = [];
  for (const gpu of gpus) {
    if (last?.name !== gpu.name || last.memory !== gpu.memory) kind = demand.kindOf(gpu);
    last = gpu;
    numbered.push({ gpu, kind });
  }
  return numbered.sort((a, b) => a.kind - b.kind || compare(a.gpu.uuid, b.gpu.uuid));
}

function addRunning(pool: Pool, run: Situation['running'][number]): void {
  const { id, user, startedAt, interruptible, stopping } = run;
  const holder: Holder = { id, run: run.run, user, startedAt, end: run.endsAt ?? Infinity, interruptible, stopping, parts: [] };
  const number = pool.holders.push(holder) - 1;
  const parts = new Map<number, Holder['parts'][number]>();
  for (const job of run.jobs) {
    const host = pool.numberOf.get(job.host);
    if (host === undefined) continue;
    let part = parts.get(host);
    if (!part) parts.set(host, (part = { host, cpu: 0, memory: 0, gpus: [] }));
    part.cpu += milli(job.cpu);
    part.memory += job.memory;
    for (const uuid of job.gpus) {
      const g = gpuOn(pool, host, uuid);
      if (g < 0 || pool.holderOf[g]! >= 0) continue;
      pool.holderOf[g] = number;
      // one that something else uses as well, or that broke, is not free when the run ends
      if (pool.state[g] !== FREE) continue;
      pool.state[g] = stopping ? SOON : interruptible ? SOFT : HELD;
      part.gpus.push(g);
    }
  }
  for (const part of parts.values()) {
    const { host, cpu, memory } = part;
    holder.parts.push(part);
    if (stopping && run.makesWayFor !== undefined) expectOn(pool, host, run.makesWayFor);
    pool.free.cpu[host]! -= cpu;
    pool.free.memory[host]! -= memory;
    if (stopping || interruptible) {
      const into = stopping ? pool.soon : pool.soft;
      into.cpu[host]! += cpu;
      into.memory[host]! += memory;
    }
    if (interruptible && !stopping) {
      pool.softOn[host]!.push(holder);
      pool.mostSoft[host] = Math.max(pool.mostSoft[host]!, part.gpus.length);
    }
  }
}

/** Notes that something on the host makes way for the run. */
export function expectOn(pool: Pool, host: number, id: string): void {
  const ids = pool.awaited.get(host);
  if (ids) ids.push(id);
  else pool.awaited.set(host, [id]);
}

export const newestFirst = (a: Holder, b: Holder): number => b.startedAt - a.startedAt || compare(b.id, a.id);

/** When the newest of a host's interruptible runs started. */
export const newestOn = (pool: Pool, h: number): number => pool.softOn[h]![0]?.startedAt ?? -Infinity;

function gpuOn(pool: Pool, host: number, uuid: string): number {
  for (let g = pool.from[host]!; g < pool.from[host + 1]!; g++) if (pool.gpus[g]!.uuid === uuid) return g;
  return -1;
}

/** Nothing is kept for anybody: before each pass. */
export function keepNothing(pool: Pool): void {
  pool.kept.fill(0);
  pool.spare.cpu.fill(Infinity);
  pool.spare.memory.fill(Infinity);
  for (let h = 0; h < pool.hosts.length; h++) refresh(pool, h);
}

/** Works out anew what follows from a host's amounts and its GPUs' states. */
export function refresh(pool: Pool, h: number): void {
  const { free, spare, room, from, state, kept, kindOf } = pool;
  room.cpu[h] = Math.max(0, Math.min(free.cpu[h]!, spare.cpu[h]!));
  room.memory[h] = Math.max(0, Math.min(free.memory[h]!, spare.memory[h]!));
  if (pool.open[h] === 0) return;
  const start = from[h]!;
  const end = from[h + 1]!;
  let total = 0;
  let touched = 0;
  let slack = 0;
  let soonGpus = 0;
  for (let g = start; g < end; g++) {
    const s = state[g]!;
    if (s === FREE || s === SOON) slack++;
    if (s === SOON) soonGpus++;
    if (s === FREE) total += 1 - kept[g]!;
    else if (s !== NEVER && s !== BUSY) touched = 1;
  }
  pool.slack[h] = slack;
  const soon = soonGpus > 0 || pool.soon.cpu[h]! > 0 || pool.soon.memory[h]! > 0;
  moveTo(pool.bySoon, h, soon ? Number(slack > 0) : -1);
  moveTo(pool.byGpus, h, start === end ? 0 : total + 1);
  let g = start;
  while (g < end) {
    const kind = kindOf[g]!;
    let count = 0;
    for (; g < end && kindOf[g] === kind; g++) if (state[g] === FREE && kept[g] === 0) count++;
    moveTo(pool.byKind[kind]!, h, 2 * count + 1 - touched);
  }
}
