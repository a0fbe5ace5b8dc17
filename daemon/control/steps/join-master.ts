import { labels, type Container, type ContainerSpec } from '../../engine/engine.ts';
import type { Attempt } from '../attempt.ts';
import { wait } from '../engine-monitor.ts';
import { isGang } from '../gangs/gang.ts';
import { containerName } from '../names.ts';
import type { ControlParts } from '../parts.ts';

/** How long a master whose container runs no more is given until its end is read (ms). */
const lookAgainAfter = 100;
/** How often it is looked whether a master has ended after all, when something went wrong with a node that was to join it. */
const mostLooks = 10;

/**
 * The network of a node's container (gang-variables.ts says why): that of the master's, by its id, so that it is never another one's. A network of its own for
 * the master, and where the master is done already; null: nobody knows yet, it is to be asked again.
 */
export async function networkOf(parts: ControlParts, { run, job }: Attempt): Promise<Pick<ContainerSpec, 'network'> | null> {
  const { gang } = run.spec.jobs[job.job] ?? {};
  if (!isGang(run) || !gang || gang.rank === 0) return {};
  const key = { runId: run.id, job: 0, attempt: job.attempt };
  if (parts.store.jobs.get(key.runId, key.job, key.attempt)?.progress.end) return {};
  const master = await parts.engine.inspect(containerName(parts.installation, run.name, key));
  if (master?.state.status === 'running') return { network: { container: master.id } };
  await wait(lookAgainAfter, parts.signal);
  return null;
}

/** Whether a node could not be started since the container whose network it was to share runs no more: then it is made anew. */
export async function lostMaster(parts: ControlParts, attempt: Attempt, container: Container | null): Promise<boolean> {
  const master = container?.labels[labels.network];
  if (!container || master === undefined) return false;
  // its processes may be gone a moment before the engine says so
  for (let looks = 0; (await parts.engine.inspect(master))?.state.status === 'running'; looks++) {
    if (looks === mostLooks || parts.signal.aborted) return false;
    await wait(lookAgainAfter, parts.signal);
  }
  await parts.engine.remove(container.id, true);
  attempt.job.progress.startIntent = null;
  parts.store.jobs.update(attempt.job);
  return true;
}
