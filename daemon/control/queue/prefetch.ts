import { messageOf } from '../../../shared/result.ts';
import { snapshotPlace } from '../../users/namespace.ts';
import type { ControlParts } from '../parts.ts';

/** How many runs at the head of the queue are made ready. */
const ahead = 3;

/**
 * Fetches, while they wait, what the next runs in line will need: their image and the files of their tree. It saves them time, and decides nothing:
 * what cannot be had is found out again, and said, when it is their turn.
 */
export function createPrefetch(parts: ControlParts): (order: readonly string[]) => void {
  const begun = new Set<number>();
  const fetch = async (runId: number): Promise<void> => {
    const run = parts.store.runs.byId(runId);
    if (!run) return;
    await parts.snapshots.materialize(snapshotPlace(run), run.spec.snapshot.tree);
    for (const { image, registryAuth } of run.spec.jobs) {
      // the password of a private registry is a secret: it is opened when it is needed, and not before
      if (registryAuth !== null || run.spec.pinnedImage !== null || (await parts.engine.image(image)) !== null) continue;
      await parts.engine.pull(image, null, () => {}, parts.signal);
    }
  };
  return (order) => {
    const next = order.slice(0, ahead).map(Number);
    for (const runId of begun) if (!next.includes(runId)) begun.delete(runId);
    for (const runId of next) {
      if (begun.has(runId)) continue;
      begun.add(runId);
      fetch(runId).catch((error: unknown) => parts.logger.debug({ run: runId, error: messageOf(error) }, 'not fetched ahead'));
    }
  };
}
