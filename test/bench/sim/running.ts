import type { Placement, Running, Waiting } from '../../../daemon/scheduler/model.ts';

/** What a waiting run is once it has been placed. */
export const asRunning = (run: Waiting, placement: Placement, now: number): Running => ({
  id: run.id,
  run: run.id,
  user: run.user,
  interruptible: run.interruptible,
  startedAt: now,
  endsAt: run.maxDuration === null ? null : now + run.maxDuration,
  stopping: false,
  jobs: run.jobs.map(({ id, cpu, memory }) => {
    const { host, gpus } = placement.jobs.find((job) => job.id === id)!;
    return { host, gpus, cpu: cpu ?? 0, memory: memory ?? 0 };
  }),
});
