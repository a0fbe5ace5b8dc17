/** What is free on each host, and the placement rule of the peer policies. */
import type { HostGpu, HostState, Placement, Request, Running, Waiting } from '../../../daemon/scheduler/model.ts';

/** What is free on a host. */
export interface Room {
  host: string;
  cpu: number;
  memory: number;
  gpus: HostGpu[];
}

export const emptyRooms = (hosts: readonly HostState[]): Room[] =>
  hosts.map((host) => ({ host: host.name, cpu: host.cpus, memory: host.memory, gpus: host.gpus.filter((gpu) => !gpu.never) }));

/** What is free beside these runs. */
export function roomsBeside(hosts: readonly HostState[], running: readonly Running[]): Room[] {
  const held = new Set(running.flatMap((run) => run.jobs.flatMap((job) => job.gpus)));
  const rooms = emptyRooms(hosts).map((room) => ({ ...room, gpus: room.gpus.filter((gpu) => !held.has(gpu.uuid)) }));
  const byHost = new Map(rooms.map((room) => [room.host, room]));
  for (const job of running.flatMap((run) => run.jobs)) {
    const room = byHost.get(job.host)!;
    room.cpu -= job.cpu;
    room.memory -= job.memory;
  }
  return rooms;
}

export const accepts = (gpu: HostGpu, want: NonNullable<Request['gpu']>): boolean =>
  (want.name === null || gpu.name.toLowerCase().includes(want.name.toLowerCase())) &&
  (want.memory === null || (gpu.memory !== null && gpu.memory >= want.memory));

/** The GPUs a job would take there, the smallest first; null: it does not fit. */
export function gpusFor(room: Room, job: Request): HostGpu[] | null {
  if ((job.cpu ?? 0) > room.cpu || (job.memory ?? 0) > room.memory) return null;
  const { gpu } = job;
  if (gpu === null) return [];
  if (room.gpus.length < gpu.count) return null;
  const fitting = room.gpus.filter((candidate) => accepts(candidate, gpu));
  if (fitting.length < gpu.count) return null;
  return fitting.toSorted((a, b) => (a.memory ?? 0) - (b.memory ?? 0)).slice(0, gpu.count);
}

/**
 * Takes room for all jobs of a run, or for none (null). Best fit: of the hosts that can take a job, the one with the fewest free GPUs, then
 * the fewest free cores, then the first.
 */
export function place(rooms: readonly Room[], run: Pick<Waiting, 'id' | 'jobs'>): Placement | null {
  const placed: { job: Request & { id: string }; room: Room; gpus: HostGpu[] }[] = [];
  for (const job of run.jobs) {
    let best: { room: Room; gpus: HostGpu[] } | null = null;
    for (const room of rooms) {
      if (best && (room.gpus.length - best.room.gpus.length || room.cpu - best.room.cpu) >= 0) continue;
      const gpus = gpusFor(room, job);
      if (gpus) best = { room, gpus };
    }
    if (!best) {
      for (const { job: done, room, gpus } of placed) give(room, done, gpus);
      return null;
    }
    take(best.room, job, best.gpus);
    placed.push({ job, ...best });
  }
  return { id: run.id, jobs: placed.map(({ job, room, gpus }) => ({ id: job.id, host: room.host, gpus: gpus.map((gpu) => gpu.uuid) })) };
}

/** Whether all its jobs fit at once; the rooms stay as they are. */
export const fits = (rooms: readonly Room[], run: Pick<Waiting, 'id' | 'jobs'>): boolean => place(copyOf(rooms), run) !== null;

export const copyOf = (rooms: readonly Room[]): Room[] => rooms.map((room) => ({ ...room }));

/** The list of GPUs is replaced, never changed: copies of a room share it. */
export function take(room: Room, job: Request, gpus: readonly HostGpu[]): void {
  room.cpu -= job.cpu ?? 0;
  room.memory -= job.memory ?? 0;
  if (gpus.length > 0) room.gpus = room.gpus.filter((gpu) => !gpus.includes(gpu));
}

export function give(room: Room, job: Request, gpus: readonly HostGpu[]): void {
  room.cpu += job.cpu ?? 0;
  room.memory += job.memory ?? 0;
  if (gpus.length > 0) room.gpus = [...room.gpus, ...gpus];
}
