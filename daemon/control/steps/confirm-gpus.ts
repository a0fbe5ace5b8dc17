import { FailureError } from '../../../shared/result.ts';
import { wait } from '../engine-monitor.ts';
import { endWith } from './end-with.ts';
import type { Executor } from './executor.ts';
import { keepBack } from './keep-back.ts';
import { requeue } from './requeue.ts';

/** How long a container of ours that still has the GPU is given to go before it is looked again (ms). */
const lookAgainAfter = 100;

/**
 * Looks, with the container made and not yet started, that nobody else has one of its GPUs (docblock of claims.ts). Lost: the container goes, and the attempt
 * waits again.
 */
export const confirmGpus: Executor = async ({ parts, attempt, container, changed, reschedule }) => {
  const { job, live } = attempt;
  if (job.state.status !== 'preparing' || container?.state.status !== 'created') return;
  try {
    const confirmed = await parts.claims.confirm(job.state.gpus, container.id);
    // should the container be gone by the next look, the claims come first again
    live.claimed = false;
    if (confirmed.ok) {
      live.confirmed = container.id;
    } else if (confirmed.ours) {
      live.doing = `waits for ${confirmed.holder} to be removed`;
      await wait(lookAgainAfter, parts.signal);
      live.doing = null;
    } else {
      await requeue(parts, attempt, `${confirmed.uuid} has ${confirmed.holder}`, container.id);
      changed();
      reschedule();
    }
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    keepBack(parts, error);
    endWith(parts, attempt, 'gpus', error.failure.message);
  }
};
