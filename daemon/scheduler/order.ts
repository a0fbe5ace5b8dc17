/**
 * Who goes before whom: runs that are not interruptible before those that are, then priority, then who was interrupted for another, then fair
 * share between users, against which age pays, then age.
 *
 * Fair share is start-time fair queueing (Goyal, Vin, Cheng 1996): a run's tag is what its user has used lately plus the cost of the user's runs
 * that go before it, so that two users alternate by cost and a user's own runs keep their order. Each second since a run was submitted takes R
 * GPU-seconds off its tag, R = the GPUs of the pool that can be handed out at all (1 at least):
 *
 *   tag = usage(user) + sum of cost(the user's runs before it) - R * seconds since it was submitted
 *
 * THE BOUND that follows, class, priority and interruptions aside: before a run goes none that was submitted later than
 *   (usage(user) + sum of cost(the user's runs before it)) / R
 * seconds after it, as costs and usage are never negative. Usage that is halved each day is at most R * 1 day / ln 2 for somebody who has had the
 * whole pool for ever: the first run of the heaviest user is passed by none that came more than 35 hours after it, however many others come.
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

/** GPU-seconds that a run counts for. */
export function cost(run: Waiting): number {
  let gpus = 0;
  for (const job of run.jobs) gpus += job.gpu?.count ?? 0;
  return Math.max(gpus, leastGpus) * (run.maxDuration === null ? usualLength : run.maxDuration / 1000);
}

interface Entry {
  run: Waiting;
  at: number;
  /** the lower, the sooner */
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

/** GPU-seconds that all GPUs together give in a second: what a second of waiting is worth. */
function poolRate(hosts: Situation['hosts']): number {
  let gpus = 0;
  for (const host of hosts) for (const gpu of host.gpus) if (!gpu.never) gpus++;
  return Math.max(1, gpus);
}

/** The queue in order. */
export function lineOf({ waiting, usage, now, hosts }: Pick<Situation, 'waiting' | 'usage' | 'now' | 'hosts'>): Line {
  const rate = poolRate(hosts) / 1000;
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
      entry.tag = share.used - rate * (now - entry.at);
      share.used += cost(entry.run);
    }
    // with one user the tags only grow: they are in order already
    if (used.size > 1) entries.sort((a, b) => a.tag - b.tag || byAge(a, b));
    for (const { run } of entries) ready.push(run);
  }
  paused.sort((a, b) => (a.notBefore ?? 0) - (b.notBefore ?? 0) || a.submittedAt - b.submittedAt || byId(a, b));
  return { ready, paused };
}
