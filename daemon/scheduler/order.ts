/**
 * Who goes before whom: runs that are not interruptible before those that are, then priority, then who was interrupted for another, then fair
 * share between users, then age.
 *
 * Fair share is start-time fair queueing (Goyal, Vin, Cheng 1996): a run's tag is what its user has used lately plus the cost of the user's runs
 * that go before it, so that two users alternate by cost and a user's own runs keep their order.
 */
import { compare } from './match.ts';
import type { Situation, Waiting } from './model.ts';

export interface Line {
  /** those that may start, the first in line first */
  ready: Waiting[];
  /** those whose retry pauses, the soonest first */
  paused: Waiting[];
}

/** What is taken for the length of a run that has no max_duration (s). */
const usualLength = 3600;
/** What a run without GPUs counts for. */
const leastGpus = 1 / 8;

/** GPU-seconds that a run may use. */
function cost(run: Waiting): number {
  let gpus = 0;
  for (const job of run.jobs) gpus += job.gpu?.count ?? 0;
  return Math.max(gpus, leastGpus) * (run.maxDuration === null ? usualLength : run.maxDuration / 1000);
}

interface Entry {
  run: Waiting;
  at: number;
  tag: number;
}

/** Runs between which fair share and age decide. */
interface Rank {
  interruptible: boolean;
  preempted: boolean;
  priority: number;
  entries: Entry[];
}

/** Ids that are numbers as numbers. */
const byId = (a: Waiting, b: Waiting): number => a.id.length - b.id.length || compare(a.id, b.id);
const byAge = (a: Entry, b: Entry): number => a.at - b.at || byId(a.run, b.run);
const byRank = (a: Rank, b: Rank): number =>
  Number(a.interruptible) - Number(b.interruptible) || b.priority - a.priority || Number(b.preempted) - Number(a.preempted);

/** The queue in order. */
export function lineOf({ waiting, usage, now }: Pick<Situation, 'waiting' | 'usage' | 'now'>): Line {
  const ranks: Rank[] = [];
  const paused: Waiting[] = [];
  for (const run of waiting) {
    if (run.notBefore !== null && run.notBefore > now) {
      paused.push(run);
      continue;
    }
    const { interruptible, preempted, priority } = run;
    let rank = ranks.find((one) => one.interruptible === interruptible && one.preempted === preempted && one.priority === priority);
    if (!rank) ranks.push((rank = { interruptible, preempted, priority, entries: [] }));
    rank.entries.push({ run, at: run.submittedAt, tag: 0 });
  }
  ranks.sort(byRank);
  const used = new Map<string, { used: number }>();
  const ready: Waiting[] = [];
  for (const { entries } of ranks) {
    entries.sort(byAge);
    for (const entry of entries) {
      const { user } = entry.run;
      let share = used.get(user);
      if (!share) used.set(user, (share = { used: usage.get(user) ?? 0 }));
      entry.tag = share.used;
      share.used += cost(entry.run);
    }
    // with one user the tags only grow: they are in order already
    if (used.size > 1) entries.sort((a, b) => a.tag - b.tag || byAge(a, b));
    for (const { run } of entries) ready.push(run);
  }
  paused.sort((a, b) => (a.notBefore ?? 0) - (b.notBefore ?? 0) || a.submittedAt - b.submittedAt || byId(a, b));
  return { ready, paused };
}
