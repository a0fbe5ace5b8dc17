import type { Attempt } from '../attempt.ts';
import { isGang, nodesOf } from '../gangs/gang.ts';
import type { ControlParts } from '../parts.ts';
import { endWith } from './end-with.ts';

/**
 * The attempt has lost its place before anything of it ran: the same one waits again, and nothing counts against it. Removes its container (`id`) first. A node
 * takes the others back with it (the step takeBack); where one of them has begun, the whole attempt ends instead.
 */
export async function requeue(parts: ControlParts, attempt: Attempt, why: string, id: string | null): Promise<void> {
  const { job, run } = attempt;
  // without force: one that runs after all is not ended
  if (id !== null) await parts.engine.remove(id, false);
  if (isGang(run)) {
    const others = nodesOf(parts.store.jobs.ofRun(run.id), job.attempt).filter((one) => one.job !== job.job);
    if (others.some(({ progress }) => progress.startIntent !== null || progress.end !== null))
      return endWith(parts, attempt, 'gpus_taken', why);
  }
  backToQueue(parts, attempt, why);
}

/** The same where nothing of it is to be removed; at once, so that it can be part of a transaction. */
export function backToQueue(parts: Pick<ControlParts, 'store' | 'logger' | 'now'>, { run, job, live }: Attempt, why: string): void {
  parts.logger.info({ run: run.name, why }, 'back to the queue');
  const before = job.attempt > 1 ? parts.store.jobs.get(run.id, job.job, job.attempt - 1) : null;
  const madeRoom = run.spec.watch !== undefined && (job.progress.preempted ?? null) !== null;
  const preempted = madeRoom || (before?.state.status === 'interrupted' && before.state.cause === 'preempted');
  job.state = { status: 'queued', since: parts.now(), notBefore: null, preempted };
  job.progress.startIntent = null;
  job.progress.engineEpoch = null;
  job.progress.ready = null;
  parts.store.jobs.update(job);
  // next time it may have other GPUs, on another host
  live.workspace = null;
  live.environment = null;
  live.claimed = false;
  live.confirmed = null;
}
