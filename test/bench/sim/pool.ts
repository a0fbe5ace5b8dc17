/**
 * The pool as the simulator keeps it: what is free on each host. It trusts no policy: a GPU taken twice, a model that was not asked for, or
 * more cores or memory than there are end the simulation with an error.
 */
import type { HostGpu, HostState, Placement } from '../../../daemon/scheduler/model.ts';
import type { Task } from './model.ts';
import { accepts, emptyRooms, give, take, type Room } from './rooms.ts';

export interface Pool {
  rooms: readonly Room[];
  take(task: Task, placement: Placement): void;
  release(task: Task): void;
}

export function createPool(hosts: readonly HostState[]): Pool {
  const rooms = emptyRooms(hosts);
  const byHost = new Map(rooms.map((room) => [room.host, room]));
  const held = new Map<string, { room: Room; gpus: HostGpu[] }[]>();
  return {
    rooms,
    take(task, placement) {
      const wrong = (what: string): never => {
        throw new Error(`The placement of ${task.id} is impossible: ${what} (${JSON.stringify(placement)})`);
      };
      if (held.has(task.id)) wrong('it runs already');
      if (placement.jobs.length !== task.jobs.length) wrong('not every job has a place');
      const taken = task.jobs.map((job) => {
        const place = placement.jobs.find(({ id }) => id === job.id) ?? wrong(`job ${job.id} has no place`);
        const room = byHost.get(place.host) ?? wrong(`there is no host ${place.host}`);
        const gpus = place.gpus.map((uuid) => room.gpus.find((gpu) => gpu.uuid === uuid) ?? wrong(`${uuid} is not free on ${place.host}`));
        if (new Set(gpus).size !== (job.gpu?.count ?? 0)) wrong(`${gpus.length} GPUs instead of ${job.gpu?.count ?? 0}`);
        if (job.gpu && !gpus.every((gpu) => accepts(gpu, job.gpu!))) wrong('a GPU is not what was asked for');
        if ((job.cpu ?? 0) > room.cpu || (job.memory ?? 0) > room.memory) wrong(`${place.host} has no cores or no memory left`);
        take(room, job, gpus);
        return { room, gpus };
      });
      held.set(task.id, taken);
    },
    release(task) {
      for (const [index, { room, gpus }] of held.get(task.id)!.entries()) give(room, task.jobs[index]!, gpus);
      held.delete(task.id);
    },
  };
}
