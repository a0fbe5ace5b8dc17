import { fail, ok, type Result } from '../../shared/result.ts';
import { formatSize } from '../../shared/units.ts';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { Store } from '../store/store.ts';
import { owns, type Caller } from '../users/caller.ts';

/** Whose disk is asked for. */
type Whose = Pick<Caller, 'user' | 'uid' | 'shared'>;

export interface DiskUse {
  /** bytes of all artifacts of a user that are on the disk, those of removed runs too */
  of(whose: Whose): Promise<number>;
  /** Fails with `policy` where a user has more than `limit` (bytes; null: any), saying what to remove. */
  check(whose: Whose, limit: number | null): Promise<Result<void>>;
}

/** What ended does not change any more: it is measured once. `inUse`: runs whose artifacts somebody is writing all the same. */
export function createDiskUse(store: Store, artifacts: Pick<Artifacts, 'bytesOf' | 'has'>, inUse: ReadonlySet<number>): DiskUse {
  const known = new Map<number, number>();

  const measure = async (whose: Whose): Promise<{ name: string; removed: boolean; bytes: number }[]> => {
    const found = [];
    for (const run of store.runs.ofUser(whose.user)) {
      if (!owns({ ...whose, gid: 0, home: '', admin: false }, run) || !artifacts.has(run.id)) continue;
      // asked before it is measured: what ends meanwhile may have grown behind the measuring
      const complete = !inUse.has(run.id) && !store.jobs.ofRun(run.id).some((job) => job.open);
      const bytes = known.get(run.id) ?? (await artifacts.bytesOf(run.id));
      if (complete) known.set(run.id, bytes);
      found.push({ name: run.name, removed: run.removedAt !== null, bytes });
    }
    return found;
  };

  const sum = (list: { bytes: number }[]): number => list.reduce((total, { bytes }) => total + bytes, 0);

  return {
    of: async (whose) => sum(await measure(whose)),
    async check(whose, limit) {
      if (limit === null) return ok(undefined);
      const all = await measure(whose);
      const bytes = sum(all);
      if (bytes <= limit) return ok(undefined);
      const biggest = all
        .filter((run) => !run.removed)
        .toSorted((a, b) => b.bytes - a.bytes)
        .slice(0, 3);
      const removed = sum(all.filter((run) => run.removed));
      const named = biggest.map((run) => `${run.name} (${formatSize(run.bytes)})`).join(', ');
      const parts = [
        ...(biggest.length > 0 ? [`the biggest: ${named}`] : []),
        ...(removed > 0 ? [`of removed runs: ${formatSize(removed)}, which dstack gc frees`] : []),
      ];
      return fail(
        'policy',
        `Your artifacts take ${formatSize(bytes)}, more than the ${formatSize(limit)} that the policy allows you; ${parts.join('; ')}`,
        'Remove what you do not need (dstack tags delete TAG, dstack rm RUN), then: dstack gc',
      );
    },
  };
}
