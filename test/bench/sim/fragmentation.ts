/**
 * Fragmentation: the share of the idle GPU-time during which some waiting run would fit in what the pool has free in total (GPUs that it
 * accepts, cores, memory, each summed over the hosts), but on the hosts as they are it does not. 0: nobody waits for want of a better
 * packing; 1: always somebody does while a GPU is idle. Measured from the first arrival to the last.
 */
import type { Waiting } from '../../../daemon/scheduler/model.ts';
import type { Scenario } from './model.ts';
import { accepts, fits, type Room } from './rooms.ts';
import { shapeOf } from './shape.ts';
import type { Moment } from './simulate.ts';

export interface FragmentationMeter {
  passed(moment: Moment): void;
  /** GPU-ms that were idle */
  idle(): number;
  /** of these, those during which somebody was stranded */
  stranded(): number;
}

export function fragmentationMeter({ tasks }: Pick<Scenario, 'tasks'>): FragmentationMeter {
  const end = tasks.at(-1)?.arrives ?? 0;
  let idle = 0;
  let stranded = 0;
  return {
    passed({ now, until, rooms, waiting }) {
      const took = Math.min(until, end) - now;
      const free = rooms.reduce((sum, room) => sum + room.gpus.length, 0);
      if (took <= 0 || free === 0) return;
      idle += free * took;
      if (someoneStranded(rooms, waiting)) stranded += free * took;
    },
    idle: () => idle,
    stranded: () => stranded,
  };
}

function someoneStranded(rooms: readonly Room[], waiting: readonly Waiting[]): boolean {
  const seen = new Set<string>();
  const cpu = rooms.reduce((sum, room) => sum + room.cpu, 0);
  const memory = rooms.reduce((sum, room) => sum + room.memory, 0);
  const gpus = rooms.flatMap((room) => room.gpus);
  for (const run of waiting) {
    const shape = shapeOf(run);
    if (seen.has(shape)) continue;
    seen.add(shape);
    if (inTotal(run, { cpu, memory, gpus }) && !fits(rooms, run)) return true;
  }
  return false;
}

function inTotal({ jobs }: Waiting, { cpu, memory, gpus }: Omit<Room, 'host'>): boolean {
  const wanted = jobs.reduce((sum, job) => sum + (job.gpu?.count ?? 0), 0);
  if (wanted === 0 || jobs.reduce((sum, job) => sum + (job.cpu ?? 0), 0) > cpu) return false;
  if (jobs.reduce((sum, job) => sum + (job.memory ?? 0), 0) > memory) return false;
  return gpus.filter((gpu) => jobs.some((job) => job.gpu !== null && accepts(gpu, job.gpu))).length >= wanted;
}
