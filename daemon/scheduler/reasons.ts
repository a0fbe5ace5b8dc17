/** Why a run waits: one true sentence, made when it is asked for. */
import { formatSize } from '../../shared/units.ts';
import type { Reservation } from './backfill.ts';
import type { Demand, Need, Shape } from './demand.ts';
import { gpusOf, type Limits } from './limits.ts';
import { closest, lacksNothing, type Missing } from './missing.ts';
import type { Situation, Waiting } from './model.ts';
import { neverFits } from './never-fits.ts';
import { BUSY, CLAIMED, FREE, NEVER, type Holder, type Pool } from './pool.ts';
import type { Served } from './serve.ts';
import { giveBack, take, type Taken } from './take.ts';
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
  /** sentences made before, for runs that are not interruptible and for those that are */
  said: Map<Shape, [string | undefined, string | undefined]>;
}

type Find = (id: string) => Waiting;

export const nameOf = (run: Waiting): string => run.run;

export function reasonOf(outcome: Outcome, run: Waiting, find: Find): string {
  const { situation } = outcome;
  if (outcome.paused.has(run.id)) return `waits after a failure, it is tried again at ${clock(run.notBefore ?? 0)} UTC`;
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

function waitReason(outcome: Outcome, run: Waiting, { needs }: Shape, find: Find): string {
  const { pool, situation } = outcome;
  const taken: Taken[] = [];
  let stuck: { need: Need; missing: Missing | null } | null = null;
  for (const need of needs) {
    const missing = closest(pool, need, run.avoid);
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

function stuckReason(outcome: Outcome, run: Waiting, need: Need, missing: Missing | null, find: Find): string {
  const { pool, situation } = outcome;
  if (!missing) {
    // what could serve it is blocked
    const blocked = situation.hosts.filter((host) => host.blocked !== null && !run.avoid.has(host.name));
    return list(blocked.map((host) => `${host.name}: ${host.blocked}`).sort(), 3) || 'waits for a host';
  }
  const host = pool.hosts[missing.host]!;
  const parts: string[] = [];
  if (missing.gpus > 0) {
    const held = holdersOf(pool, missing.host, need, find);
    parts.push(`${countGpus(missing.gpus, run.jobs[need.job]?.gpu ?? null, true)}${held === '' ? '' : ` (${held})`}`);
  }
  if (missing.cpu > 0) parts.push(`${countCores(cores(need.cpu))} (${cores(pool.free.cpu[missing.host]!)} of ${host.cpus} are free)`);
  if (missing.memory > 0) {
    const free = formatSize(Math.max(0, pool.free.memory[missing.host]!));
    parts.push(`${formatSize(need.memory)} of memory (${free} of ${formatSize(host.memory)} are free)`);
  }
  return `waits for ${parts.join(' and ')}${situation.hosts.length > 1 ? ` on ${host.name}` : ''}`;
}

/** Who has the host's GPUs that would do. */
function holdersOf(pool: Pool, h: number, { want }: Need, find: Find): string {
  const held = new Set<string>();
  const kept = new Set<string>();
  const busy = new Set<string>();
  for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) {
    if (want?.has[pool.kindOf[g]!] !== 1) continue;
    const state = pool.state[g]!;
    const claimedFor = pool.claimedFor.get(g);
    if (state === FREE || state === NEVER) continue;
    if (state === BUSY) busy.add(pool.gpus[g]!.busy ?? '');
    else if (state === CLAIMED && claimedFor !== undefined) kept.add(nameOf(find(claimedFor)));
    else held.add(pool.holders[pool.holderOf[g]!]?.run ?? '');
  }
  return [
    ...(held.size > 0 ? [`held by ${list([...held])}`] : []),
    ...(kept.size > 0 ? [`kept for ${list([...kept])}`] : []),
    ...(busy.size > 0 ? [list([...busy], 2)] : []),
  ].join('; ');
}

function keptReason({ reservations, order }: Outcome, run: Waiting, find: Find): string {
  const owner = reservations.map(({ id }) => find(id)).find((first) => first.interruptible === run.interruptible && first.id !== run.id);
  if (!owner) return 'waits for its turn';
  const what = run.jobs.some((job) => job.gpu) ? 'the GPUs are' : 'what it needs is';
  return `${what} kept for ${nameOf(owner)}${order[0] === owner.id ? ', next in line' : ''}`;
}
