/** What is read from a picture of an engine's containers that have GPUs, and of the claims on GPUs. Pure. */
import { labels, type GpuContainer } from '../../engine/engine.ts';

/** Who has a GPU. `run` '': nobody knows for which run it is claimed. */
export interface GpuHolder {
  run: string;
  user: string;
  installation: string;
}

/** The engine keeps names unique: of all who create it one wins. Older names of MIG devices have slashes, which a container's may not. */
export const claimName = (uuid: string): string => `dstack-gpu-${uuid.replaceAll(/[^\w.-]/g, '-')}`;

export const isClaim = (container: Pick<GpuContainer, 'labels'>): boolean => container.labels[labels.kind] === 'claim';

/** The GPUs that a container has, or the one that a claim is on. */
export const gpusOf = (container: Pick<GpuContainer, 'labels'>): string[] =>
  (container.labels[labels.gpus] ?? '').split(',').filter((uuid) => uuid !== '');

const isOf = (container: GpuContainer, installation: string): boolean => container.labels[labels.installation] === installation;

export const holderOf = ({ labels: of }: Pick<GpuContainer, 'labels'>): GpuHolder => ({
  run: of[labels.run] ?? '',
  user: of[labels.user] ?? 'an unknown user',
  installation: of[labels.installation] ?? '',
});

/** For sentences: `the run red-fox-1 of bob (another dstack daemon)`. */
export const phraseOf = (holder: GpuHolder): string =>
  holder.run === '' ? `another dstack daemon, of ${holder.user}` : `the run ${holder.run} of ${holder.user} (another dstack daemon)`;

/** The GPUs that other installations have: what their live containers say first, then their claims. */
export function heldByOthers(seen: readonly GpuContainer[], installation: string): Map<string, GpuHolder> {
  const held = new Map<string, GpuHolder>();
  const theirs = seen.filter((one) => !isOf(one, installation));
  for (const claim of theirs.filter(isClaim)) for (const uuid of gpusOf(claim)) held.set(uuid, holderOf(claim));
  for (const job of theirs) if (!isClaim(job) && job.live) for (const uuid of gpusOf(job)) held.set(uuid, holderOf(job));
  return held;
}

/** The claim on a GPU; null: there is none. */
export const claimOn = (seen: readonly GpuContainer[], uuid: string): GpuContainer | null =>
  seen.find((one) => one.name === claimName(uuid)) ?? null;

/** A job's container, other than `id`, that has one of these GPUs, or may have as soon as it is started; null: none. */
export function rivalOf(
  seen: readonly GpuContainer[],
  gpus: readonly string[],
  id: string,
): { uuid: string; container: GpuContainer } | null {
  for (const container of seen) {
    if (container.id === id || isClaim(container) || !container.live) continue;
    const uuid = gpusOf(container).find((each) => gpus.includes(each));
    if (uuid !== undefined) return { uuid, container };
  }
  return null;
}

/** Claims of other installations without a container, by the claim's id: when one was first seen so (ms of a monotonic clock), and how often since. */
export type Idle = ReadonlyMap<string, { since: number; looks: number }>;

/** So often a claim must have been seen without a container: two looks far apart say nothing of what was between. */
const fewestLooks = 3;

/**
 * The next `Idle` after a look at `now`, and the claims that have had no container of their installation (running or still to be started) at any look for
 * `timeout` ms: whoever made them is dead, or will find out that it lost (docblock of claims.ts).
 */
export function idleClaims(
  before: Idle,
  seen: readonly GpuContainer[],
  of: { installation: string; now: number; timeout: number },
): { idle: Idle; abandoned: GpuContainer[] } {
  const idle = new Map<string, { since: number; looks: number }>();
  const abandoned: GpuContainer[] = [];
  for (const claim of seen) {
    if (!isClaim(claim) || isOf(claim, of.installation)) continue;
    const owner = claim.labels[labels.installation] ?? '';
    const used = seen.some(
      (one) => !isClaim(one) && one.live && isOf(one, owner) && gpusOf(one).some((uuid) => gpusOf(claim).includes(uuid)),
    );
    if (used) continue;
    const last = before.get(claim.id);
    const next = { since: last?.since ?? of.now, looks: (last?.looks ?? 0) + 1 };
    idle.set(claim.id, next);
    if (next.looks >= fewestLooks && of.now - next.since >= of.timeout) abandoned.push(claim);
  }
  return { idle, abandoned };
}
