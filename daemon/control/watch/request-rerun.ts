import type { RerunCause } from '../../../shared/api.ts';
import type { RunSpec } from '../../providers/job-spec.ts';
import { freshRerun, type RerunRecord } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';

/** What the next attempt of a watch is to be. Times in ms since 1970. */
export interface RerunRequest {
  tree: string;
  cause: RerunCause;
  /** the first of `changes` paths, or all: so many as are kept */
  changed: string[];
  changes: number;
  /** the first change was seen; null: there was none */
  seenAt: number | null;
  /** why it needs a fresh container; null: it does not */
  fresh: string | null;
  /** what the run is from it on; null: what it was */
  spec: RunSpec | null;
}

/** How many paths of a change are kept. */
const mostChanged = 20;

/**
 * Writes down the next attempt of a watch; one that has not begun is replaced by it, under the same number. Returns its number; null: the run is no watch, or is
 * about to end. Within a transaction.
 */
export function putRerun(store: Store, runId: number, request: RerunRequest, now: number): number | null {
  const [newest] = store.reruns.newest(runId, 1);
  if (!newest || (store.runs.byId(runId)?.intent ?? null) !== null) return null;
  const { tree, cause } = request;
  const fresh: RerunRecord = {
    ...freshRerun({ runId, number: newest.number + 1, tree, cause, askedAt: now }),
    ...request,
    changed: request.changed.slice(0, mostChanged),
  };
  const next = newest.givenAt === null ? { ...fresh, ...inPlaceOf(newest, fresh) } : fresh;
  store.reruns.put(next);
  return next.number;
}

/** What stays of an attempt that was asked for and never began: why it was to be, and since when. */
function inPlaceOf(old: RerunRecord, fresh: RerunRecord): Partial<RerunRecord> {
  const changed = [...new Set([...old.changed, ...fresh.changed])];
  return {
    number: old.number,
    // the first attempt stays the first
    cause: old.cause === 'start' ? 'start' : fresh.cause,
    changed: changed.slice(0, mostChanged),
    changes: Math.max(changed.length, old.changes, fresh.changes),
    seenAt: old.seenAt ?? fresh.seenAt,
    fresh: fresh.fresh ?? old.fresh,
    spec: fresh.spec ?? old.spec,
  };
}
