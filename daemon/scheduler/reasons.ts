/** Why a run waits: one true sentence, made when it is asked for. */
import { formatSize } from '../../shared/units.ts';
import type { Reservation } from './backfill.ts';
import type { Demand, Need, Shape } from './demand.ts';
import { gpusOf, type Limits } from './limits.ts';
import { foreignOn } from './foreign.ts';
import { closest, lacksNothing, missingOn, viewWith, yieldingOf, type Missing, type Yielding } from './missing.ts';
import type { Situation, Waiting } from './model.ts';
import { neverFits } from './never-fits.ts';
import { BUSY, CLAIMED, FREE, NEVER, SOON, type Holder, type Pool } from './pool.ts';
import type { Served } from './serve.ts';
import { giveBack, take, type Taken } from './take.ts';
import { avoidMask, fit } from './view.ts';
import { clock, cores, countCores, countGpus, list } from './words.ts';

/** What a decision leaves behind for those who ask. */
export interface Outcome {
  situation: Situation;
  demand: Demand;
  pool: Pool;
  /** those that go on waiting, the next first */
  order: readonly string[];
  limits: Limits;
  limited: Set<string>;
  paused: Set<string>;
  /** who waits only until others have gone */
  claims: Map<string, Served>;
  /** for whom something is kept: the first of the class that is not interruptible, and of that which is */
  reservations: Reservation[];
  /** what would make way for a run that is not interruptible; worked out when asked for */
  yielding?: Yielding;
  /** sentences made before, for runs that are not interruptible and for those that are */
  said: Map<Shape, [string | undefined, string | undefined]>;
}

type Find = (id: string) => Waiting;

export const nameOf = (run: Waiting): string => run.run;

export function reasonOf(outcome: Outcome, run: Waiting, find: Find): string {
  const { situation } = outcome;
  if (outcome.paused.has(run.id)) return `tries again at ${clock(run.notBefore ?? 0)} UTC`;
  if (outcome.limited.has(run.id)) return limitReason(outcome, run);
  const claim = outcome.claims.get(run.id);
  if (claim) return claimReason(outcome, claim);
  const usable = situation.hosts.filter((host) => !run.avoid.has(host.name));
  if (usable.length > 0 && usable.every((host) => host.blocked !== null)) {
    return list(usable.map((host) => `${host.name}: ${host.blocked}`).sort(), 3);
  }
  // the same for all that ask for the same
  const shape = outcome.demand.shapeOf(run);
  const key = run.interruptible ? 1 : 0;
  const known = outcome.said.get(shape)?.[key];
  if (known !== undefined && !shape.avoid) return known;
  const text = waitReason(outcome, run, shape, find);
  const said = outcome.said.get(shape) ?? [undefined, undefined];
  said[key] = text;
  outcome.said.set(shape, said);
  return text;
}

function limitReason({ limits }: Outcome, run: Waiting): string {
  const { gpus, runs, limits: granted } = limits.of(run.user);
  const asked = gpusOf(run);
  if (granted.gpus !== null && asked > 0 && gpus + asked > granted.gpus) {
    if (asked > granted.gpus)
      return `${run.user} may have ${countGpus(granted.gpus, null)} at once by policy.yaml, and it asks for ${asked}`;
    if (gpus >= granted.gpus) return `${run.user} has ${countGpus(gpus, null)}, the most that policy.yaml allows at once`;
    return `${run.user} has ${gpus} of the ${countGpus(granted.gpus, null)} that policy.yaml allows at once, and it asks for ${asked}`;
  }
  return `${run.user} has ${runs} ${runs === 1 ? 'run' : 'runs'}, the most that policy.yaml allows at once`;
}

/** All that it waits for is held by runs that are going. */
function claimReason({ pool }: Outcome, { taken, victims }: Served): string {
  const going = new Set<Holder>(victims);
  for (const { gpus } of taken) for (const g of gpus) if (pool.holderOf[g]! >= 0) going.add(pool.holders[pool.holderOf[g]!]!);
  // one that waits for cores or memory alone: any that is going there gives some
  if (going.size === 0) {
    const hosts = new Set(taken.map((one) => one.host));
    for (const holder of pool.holders) if (holder.stopping && holder.parts.some((part) => hosts.has(part.host))) going.add(holder);
  }
  const names = [...going].map((holder) => holder.run).sort();
  return `waits until ${list(names)} ${names.length === 1 ? 'has' : 'have'} made way`;
}

function waitReason(outcome: Outcome, run: Waiting, shape: Shape, find: Find): string {
  const { pool, situation } = outcome;
  const { needs } = shape;
  const yielding = yieldingFor(outcome, run);
  if (yielding && fit(pool, viewWith(pool, yielding), shape, avoidMask(pool, shape))) return keptReason(outcome, run, find);
  const taken: Taken[] = [];
  let stuck: { need: Need; missing: Missing | null } | null = null;
  for (const need of needs) {
    const missing = closest(pool, need, run.avoid, needs.length === 1 ? yielding : null);
    if (!missing || !lacksNothing(missing)) {
      stuck = { need, missing };
      break;
    }
    taken.push(take(pool, missing.host, need, 'short'));
  }
  const never = stuck && (needs.length > 1 || !stuck.missing) ? neverFits(run, situation.hosts) : null;
  const text =
    never !== null
      ? `no host can serve it: ${never}`
      : stuck
        ? stuckReason(outcome, run, stuck.need, stuck.missing, find)
        : keptReason(outcome, run, find);
  for (const one of taken.toReversed()) giveBack(pool, one);
  return stuck && never === null && needs.length > 1
    ? `${text}; its ${needs.length} jobs start together, and ${taken.length} would have room`
    : text;
}

/** What would make way for the run; null: nothing, it is interruptible itself. */
export function yieldingFor(outcome: Outcome, run: Waiting): Yielding | null {
  if (run.interruptible) return null;
  return (outcome.yielding ??= yieldingOf(outcome.pool, outcome.situation.running.length));
}

function stuckReason(outcome: Outcome, run: Waiting, need: Need, missing: Missing | null, find: Find): string {
  const { pool, situation } = outcome;
  if (!missing) {
    // what could serve it is blocked
    const blocked = situation.hosts.filter((host) => host.blocked !== null && !run.avoid.has(host.name));
    return list(blocked.map((host) => `${host.name}: ${host.blocked}`).sort(), 3) || 'waits for a host';
  }
  const host = pool.hosts[missing.host]!;
  const parts: string[] = [];
  let foreign = '';
  if (missing.gpus > 0) {
    // of a gang the jobs before it were given what is free, and nothing else
    const held = holdersOf(pool, missing.host, need, run.jobs.length === 1 ? yieldingFor(outcome, run) : null, find);
    parts.push(`${countGpus(missing.gpus, run.jobs[need.job]?.gpu ?? null, true)}${held === '' ? '' : ` (${held})`}`);
    foreign = foreignOn(pool, missing.host, need, 2);
  }
  if (missing.cpu > 0) parts.push(`${countCores(cores(need.cpu))} (${cores(pool.free.cpu[missing.host]!)} of ${host.cpus} are free)`);
  if (missing.memory > 0) {
    const free = formatSize(Math.max(0, pool.free.memory[missing.host]!));
    parts.push(`${formatSize(need.memory)} of memory (${free} of ${formatSize(host.memory)} are free)`);
  }
  const where = situation.hosts.length > 1 ? ` on ${host.name}` : '';
  return `waits for ${parts.join(' and ')}${where}${foreign === '' ? '' : `: ${foreign}`}`;
}

/** Which runs have the host's GPUs that would do. */
function holdersOf(pool: Pool, h: number, { want }: Need, yielding: Yielding | null, find: Find): string {
  const held = new Set<string>();
  const yields = new Set<string>();
  const kept = new Set<string>();
  for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) {
    if (want?.has[pool.kindOf[g]!] !== 1) continue;
    const state = pool.state[g]!;
    const claimedFor = pool.claimedFor.get(g);
    if (state === FREE || state === NEVER || state === BUSY) continue;
    const holder = pool.holders[pool.holderOf[g]!];
    if (state === CLAIMED && claimedFor !== undefined) kept.add(nameOf(find(claimedFor)));
    else if (!yielding?.gpus.has(g)) held.add(holder?.run ?? '');
    else if (state !== SOON) yields.add(holder?.run ?? '');
  }
  return [
    ...(held.size > 0 ? [`held by ${list([...held])}`] : []),
    ...(kept.size > 0 ? [`kept for ${list([...kept])}`] : []),
    ...(yields.size > 0 ? [`${list([...yields])} would make way`] : []),
  ].join('; ');
}

function keptReason({ pool, demand, reservations, order }: Outcome, run: Waiting, find: Find): string {
  const reservation = reservations.find(({ id }) => id !== run.id && find(id).interruptible === run.interruptible);
  if (!reservation) return 'waits for its turn';
  const owner = find(reservation.id);
  const what = run.jobs.some((job) => job.gpu) ? 'the GPUs are' : 'what it needs is';
  const kept = `${what} kept for ${nameOf(owner)}${order[0] === owner.id ? ', next in line' : ''}`;
  const endless = reservation.at === null ? endlessOf(pool, demand.shapeOf(owner), owner.interruptible) : [];
  if (endless.length === 0 || endless.length > 2) return kept;
  return `${kept} (no end of ${endless.join(', ')} is known: ${endless.length === 1 ? 'it has' : 'they have'} no max_duration)`;
}

/** The runs without a known end that have GPUs which the first in line waits for. */
function endlessOf(pool: Pool, shape: Shape, interruptible: boolean): string[] {
  const avoid = avoidMask(pool, shape);
  const names = new Set<string>();
  for (const need of shape.needs) {
    for (let h = 0; h < pool.hosts.length; h++) {
      if (pool.open[h] === 0 || avoid?.[h] === 1 || missingOn(pool, h, need).never) continue;
      for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) {
        const holder = pool.holders[pool.holderOf[g]!];
        if (!holder || holder.end < Infinity || holder.stopping || need.want?.has[pool.kindOf[g]!] !== 1) continue;
        if (!holder.interruptible || interruptible) names.add(holder.run);
      }
    }
  }
  return [...names].sort();
}
