import type { Executor } from './executor.ts';
import { keepBack } from './keep-back.ts';
import { notMade } from './not-made.ts';
import { requeue } from './requeue.ts';

/** Claims the attempt's GPUs on the engine, against other daemons there; one that another has sends it back to the queue. */
export const claimGpus: Executor = async ({ parts, attempt, changed, reschedule }) => {
  const { job, live } = attempt;
  if (job.state.status !== 'preparing' || !live.image) return;
  const { gpus, host } = job.state;
  try {
    const taken = await parts.claims.take(gpus, live.image.id);
    if (taken.ok) {
      const all = await parts.gpus.of(host);
      job.progress.driver = all.find((gpu) => gpus.includes(gpu.uuid))?.driver ?? null;
      parts.store.jobs.update(job);
      live.claimed = true;
      return;
    }
    await requeue(parts, attempt, `${taken.uuid} has ${taken.holder}`, null);
    changed();
    reschedule();
  } catch (error) {
    keepBack(parts, error);
    notMade(parts, attempt, error, 'gpus', `cannot claim the GPUs on the host '${host}'`);
  }
};
