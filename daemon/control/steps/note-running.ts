import type { Executor } from './executor.ts';

/** The container runs, whoever started it: so does the job. */
export const noteRunning: Executor = async ({ parts, attempt, container, changed }) => {
  const { job } = attempt;
  if (job.state.status !== 'preparing' || container?.state.status !== 'running') return;
  const { host, gpus } = job.state;
  job.state = { status: 'running', since: parts.now(), startedAt: container.state.startedAt, host, gpus };
  job.progress.ports = container.ports;
  job.progress.image ??= { id: container.imageId, digest: null };
  parts.store.jobs.update(job);
  parts.meter.wake();
  parts.activity.watch(attempt.run, job);
  changed();
};
