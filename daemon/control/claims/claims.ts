/**
 * Claims on GPUs (DESIGN §7): facts on the engine itself, so that daemons which know nothing of each other never use one GPU at once.
 *
 * A claim is a container `dstack-gpu-<UUID>` that is created and never started. It belongs to an installation, not to a run: a GPU that goes from one of its
 * runs to the next costs no call. What a run does:
 *
 *   take: claim each GPU ─ create the job's container c, with its GPUs in a label ─ confirm: look at the engine ─ start c, by its id
 *        └ lost: back to the queue                                                  └ lost: remove c, back to the queue
 *
 * PROOF that no two containers with one GPU run at once, whatever happens to the claims (`docker container prune` at any instant, a claim cleared too early, a
 * clock that jumps). Each c is created before its confirm looks, and is started by id only if that look shows no other live container with one of its GPUs, of
 * any installation; live: running, or created and perhaps about to be. Of two containers c and d with a common GPU let c be the one whose creation ended
 * first. d's look comes after d's creation, hence after c's: the engine's list shows everything whose creation has been answered. Then c is either
 *   - live in it: d is not started;
 *   - over: it ran before d, and is never started a second time;
 *   - gone: it runs no more, and a start by its id fails.
 * In each case the two never run together. A container that was confirmed and then removed by somebody is made again with another id, and confirmed again.
 *
 * So claims are not what makes it safe. They make it go on: of two who want a GPU one is stopped before it has made a container, where otherwise both could
 * see each other's and step back, time and again. And they keep a GPU through the time between two containers of those who work with it.
 */
import type { GpuContainer } from '../../engine/engine.ts';
import type { Store } from '../../store/store.ts';
import { holdsPlace } from '../watch/holds-place.ts';
import type { GpuHolder } from './claim-rules.ts';

export { createClaims } from './create-claims.ts';
export type { GpuHolder } from './claim-rules.ts';

/** `holder` is a phrase: `the run red-fox-1 of bob (another dstack daemon)`. */
export interface Lost {
  ok: false;
  uuid: string;
  holder: string;
}

export interface Claims {
  /**
   * Claims them all, or none. `image`: any that is on the engine; missing: EngineError `not_found`. Those of ours already cost nothing. A container that is
   * none of dstack's but has a claim's name: FailureError `gpus`.
   */
  take(gpus: readonly string[], image: string): Promise<{ ok: true } | Lost>;
  /**
   * Whether the container of this id, created and not started, may be started with these GPUs. `ours`: lost to a container of this installation, which
   * is about to be removed. A container that is gone by now counts as confirmed: it cannot be started anyway.
   */
  confirm(gpus: readonly string[], id: string): Promise<{ ok: true } | (Lost & { ours: boolean })>;
  /** Gives back what none of `needed` is, and makes anew what somebody deleted. Never rejects; costs nothing where there is nothing to do. */
  reconcile(needed: ReadonlySet<string>): Promise<void>;
  /** GPUs that other installations have. Clears claims that were left for good. */
  others(): Promise<Map<string, GpuHolder>>;
  /** ids of the live containers of all installations that have GPUs */
  containers(): Promise<ReadonlySet<string>>;
  /** containers of ours that were met on the engine: claims among them, left by an earlier process, are taken over */
  adopt(found: readonly Pick<GpuContainer, 'id' | 'labels'>[]): void;
  /** a container of this name was removed from the engine; true: a claim that we did not give back, to be made anew by `reconcile` */
  removed(name: string): boolean;
}

/** The GPUs of attempts that have a host and whose container has not ended, or is followed in its place by the next one of a watch. */
export const neededGpus = (store: Pick<Store, 'jobs' | 'runs'>): Set<string> =>
  new Set(store.jobs.placed().flatMap((job) => ('gpus' in job.state && holdsPlace(store, job) ? (job.state.gpus ?? []) : [])));
