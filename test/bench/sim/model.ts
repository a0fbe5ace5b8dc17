/** What the simulator works on. Times are milliseconds; 0 is the arrival of the first task. */
import type { HostState, Request } from '../../../daemon/scheduler/model.ts';

/** A run of the load. `runs` is what only the simulator and shortest-first know; `bound` is what its user declared (max_duration). */
export interface Task {
  id: string;
  user: string;
  priority: number;
  arrives: number;
  /** its true run time */
  runs: number;
  /** at least `runs`; null: nobody said */
  bound: number | null;
  interruptible: boolean;
  jobs: readonly (Request & { id: string })[];
}

export interface Scenario {
  title: string;
  hosts: readonly HostState[];
  /** by arrival */
  tasks: readonly Task[];
  /** where the data come from, what was left out, how it was scaled */
  notes: readonly string[];
}

/** GPUs of all its jobs together. */
export const gpusOf = (task: Pick<Task, 'jobs'>): number => task.jobs.reduce((sum, job) => sum + (job.gpu?.count ?? 0), 0);

export const gpusIn = (hosts: readonly HostState[]): number => hosts.reduce((sum, host) => sum + host.gpus.length, 0);
