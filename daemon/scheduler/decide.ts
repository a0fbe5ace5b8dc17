/**
 * Who starts now, where, on which GPUs, who makes way for whom, and why everybody else waits. Pure and deterministic: the same situation gives the
 * same decision whatever the order of its lists, and no true duration is ever read, only what runs declare (`max_duration`).
 *
 * ORDER (order.ts): runs that are not interruptible, then interruptible ones; within these priority, then who was interrupted for another, then
 *   fair share, then age. Fair share is start-time fair queueing, and age pays against usage: tag = what the user has used lately + the cost of the
 *   user's runs before it - R * seconds since it was submitted, R = the pool's GPUs, cost = max(GPUs, 1/8) * (max_duration or 1 h): a run is passed
 *   by none that came later than (usage + cost of the runs before it) / R seconds after it. A run whose user has reached a limit, or whose retry
 *   pauses, waits and has nothing kept for it.
 * PLACEMENT (place.ts): exclusive GPUs by UUID, cores, memory; never on a blocked host, a busy GPU, a host that the run avoids. Best fit: the
 *   GPUs of the least memory that will do, then the fewest free GPUs, hosts in use before whole ones, then the kind that the fewest of the queue
 *   ask for, then the least of cores and memory left over. A gang is placed whole or not at all, the most demanding job first.
 * BACKFILL (backfill.ts, EASY): for the first in line that cannot start what it needs is kept, once among the runs that are not interruptible and
 *   once among those that are. Later ones take the rest, or what they give back before it is needed, or what is kept if the first in line can start
 *   as soon elsewhere, where it is kept instead. Interruptible ones need not heed what is kept for the others: they make way.
 * PREEMPTION (preempt.ts): a run that is not interruptible and cannot start now, nor once those that are being stopped have gone, has interruptible
 *   ones interrupted: on the host where the fewest must be, the newest started, none that would not help. What it waits for is claimed for it.
 *
 * PROMISES: no GPU twice, nothing over capacity, gangs whole; nothing that comes later in its class delays the first in line beyond the time
 *   that known ends promise, and without known ends nothing takes what it could start with, whatever ends first; no capacity idles for which a run waits that it would fit and
 *   that would not delay the first in line; nobody is interrupted needlessly, or twice for the same need; a waiting run always has a reason.
 */
import { reserve, type Reservation } from './backfill.ts';
import { createDemand, type Shape } from './demand.ts';
import { explain } from './explain.ts';
import { createFailures } from './failures.ts';
import { createLimits } from './limits.ts';
import type { Decision, Placement, Situation, Waiting } from './model.ts';
import { lineOf } from './order.ts';
import { createPool, keepNothing, type Pool } from './pool.ts';
import { reasonOf, type Outcome } from './reasons.ts';
import { serve, type Served } from './serve.ts';
import { avoidMask } from './view.ts';

export function decide(situation: Situation): Decision {
  const { ready, paused } = lineOf(situation);
  const demand = createDemand(situation.hosts, ready);
  const pool = createPool(situation, demand);
  const limits = createLimits(situation);
  const placements: Placement[] = [];
  const preemptions: Decision['preemptions'] = [];
  const order: string[] = [];
  const outcome: Outcome = {
    ...{ situation, demand, pool, limits, order },
    ...{ limited: new Set(), paused: new Set(), claims: new Map(), reservations: [], said: new Map() },
  };

  const pass = (runs: readonly Waiting[], interruptible: boolean): void => {
    keepNothing(pool);
    const failures = createFailures();
    const number = interruptible ? 2 : 1;
    let reservation: Reservation | null = null;
    const failed = (run: Waiting, shape: Shape, short: boolean): void => {
      shape.failed = number;
      if (short) shape.failedShort = number;
      failures.add(shape, short);
      if (reservation) return;
      reservation = reserve(pool, shape, avoidMask(pool, shape), run.id, situation.now, !interruptible);
      if (reservation) outcome.reservations.push(reservation);
    };
    for (const run of runs) {
      if (limits.exceeded(run)) {
        outcome.limited.add(run.id);
        order.push(run.id);
        continue;
      }
      const shape = demand.shapeOf(run);
      const short = endsBefore(run, situation.now, reservation);
      const hopeless = (short ? shape.failedShort : shape.failed) === number || failures.cover(shape, short);
      const terms = { kept: reservation, short, interrupts: !interruptible, id: run.id };
      const served = hopeless ? null : serve(pool, shape, avoidMask(pool, shape), terms);
      if (!served) {
        order.push(run.id);
        if (!hopeless) failed(run, shape, short);
        continue;
      }
      limits.add(run);
      if (served.now) {
        placements.push(place(pool, run, served, situation.now));
        continue;
      }
      order.push(run.id);
      for (const { gpus } of served.taken) for (const g of gpus) pool.claimedFor.set(g, run.id);
      outcome.claims.set(run.id, served);
      for (const victim of served.victims) preemptions.push({ id: victim.id, for: run.id });
    }
  };

  const first = ready.findIndex((run) => run.interruptible);
  pass(first < 0 ? ready : ready.slice(0, first), false);
  if (first >= 0) pass(ready.slice(first), true);
  for (const run of paused) {
    order.push(run.id);
    outcome.paused.add(run.id);
  }
  const runs = new Map<string, Waiting>();
  const find = (id: string): Waiting => {
    if (runs.size === 0) for (const run of situation.waiting) runs.set(run.id, run);
    const run = runs.get(id);
    if (!run) throw new Error(`the run ${id} does not wait`);
    return run;
  };
  return {
    placements,
    preemptions,
    order,
    paused: outcome.paused,
    again: paused[0]?.notBefore ?? null,
    reason: (id) => reasonOf(outcome, find(id), find),
    explain: (id) => explain(outcome, find(id), find),
  };
}

/** Whether the run ends before the first in line needs what is kept for it. */
const endsBefore = (run: Waiting, now: number, reservation: Reservation | null): boolean =>
  reservation !== null && reservation.at !== null && run.maxDuration !== null && now + run.maxDuration <= reservation.at;

/** Writes down who has it from now on, and says where each job goes. */
function place(pool: Pool, run: Waiting, { taken }: Served, now: number): Placement {
  const parts = taken.map(({ host, need, gpus }) => ({ host, cpu: need.cpu, memory: need.memory, gpus }));
  const { id, user, interruptible } = run;
  const end = run.maxDuration === null ? Infinity : now + run.maxDuration;
  const number = pool.holders.push({ id, run: run.run, user, startedAt: now, end, interruptible, stopping: false, parts }) - 1;
  for (const { gpus } of taken) for (const g of gpus) pool.holderOf[g] = number;
  const jobs = taken
    .toSorted((a, b) => a.need.job - b.need.job)
    .map(({ need, host, gpus }) => ({
      id: run.jobs[need.job]!.id,
      host: pool.hosts[host]!.name,
      gpus: gpus.map((g) => pool.gpus[g]!.uuid).sort(),
    }));
  return { id, jobs };
}
