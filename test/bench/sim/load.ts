/** How busy a load keeps a pool, and how its arrivals are moved together or apart until that is what is wanted. */
import type { HostState } from '../../../daemon/scheduler/model.ts';
import { gpusIn, gpusOf, type Task } from './model.ts';

/**
 * Offered GPU load: the GPU-time that the runs would hold between the first arrival and the last if each started when it arrived, by the
 * GPU-time there is. What lies behind the last arrival does not count, so a run of a month weighs no more than it can.
 */
export const offeredLoad = (tasks: readonly Task[], hosts: readonly HostState[], factor = 1): number =>
  offered(tasks, gpusOf, factor) / gpusIn(hosts);

/** The same of cores: where it is near 1, it is cores that runs wait for. */
export const offeredCpuLoad = (tasks: readonly Task[], hosts: readonly HostState[]): number =>
  offered(tasks, ({ jobs }) => jobs.reduce((sum, job) => sum + (job.cpu ?? 0), 0), 1) / hosts.reduce((sum, host) => sum + host.cpus, 0);

/** How much of it would be held on average. */
function offered(tasks: readonly Task[], amount: (task: Task) => number, factor: number): number {
  const span = (tasks.at(-1)?.arrives ?? 0) * factor;
  return tasks.reduce((sum, task) => sum + amount(task) * Math.min(task.runs, span - task.arrives * factor), 0) / span;
}

/** The tasks with their arrivals (not their run times) multiplied by one factor, such that the offered load is `load`. */
export function scaleArrivals(tasks: readonly Task[], hosts: readonly HostState[], load: number): { tasks: Task[]; factor: number } {
  // the load falls as the factor grows: halve the interval of its exponent
  let low = -12;
  let high = 12;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (offeredLoad(tasks, hosts, 10 ** middle) > load) low = middle;
    else high = middle;
  }
  const factor = 10 ** high;
  return { tasks: tasks.map((task) => ({ ...task, arrives: Math.round(task.arrives * factor) })), factor };
}
