/** Host by host why a run is not placed there, and who holds what it waits for. */
import { formatSize } from '../../shared/units.ts';
import type { Need } from './demand.ts';
import { foreignGpus, foreignOn, placeOf } from './foreign.ts';
import { lacksNothing, missingOn, type Missing } from './missing.ts';
import type { Decision, Waiting } from './model.ts';
import { compare } from './match.ts';
import type { Pool } from './pool.ts';
import { reasonOf, yieldingFor, type Outcome } from './reasons.ts';
import { cores, countCores, countGpus } from './words.ts';

type Story = ReturnType<Decision['explain']>;

export function explain(outcome: Outcome, run: Waiting, find: (id: string) => Waiting): Story {
  const { pool, demand } = outcome;
  const { needs } = demand.shapeOf(run);
  const candidates: Story['candidates'] = [];
  const holders: Story['holders'] = [];
  const waitsForRoom = !outcome.paused.has(run.id) && !outcome.limited.has(run.id);
  const reason = reasonOf(outcome, run, find);
  const byName = [...pool.hosts.keys()].sort((a, b) => compare(pool.hosts[a]!.name, pool.hosts[b]!.name));
  for (const h of byName) {
    const host = pool.hosts[h]!;
    const avoided = run.avoid.get(host.name);
    const missing = needs.map((need) => ({ need, missing: missingOn(pool, h, need) }));
    const usable = missing.filter((one) => !one.missing.never);
    const [first] = usable.length > 0 ? usable : missing;
    const stuck = usable.find((one) => !lacksNothing(one.missing));
    const why = (): string => {
      if (avoided !== undefined) return avoided;
      if (host.blocked !== null) return host.blocked;
      if (usable.length === 0 && first) return neverText(pool, h, first.need, run);
      if (stuck) {
        const lacks = missingText(pool, h, stuck.need, stuck.missing, run);
        const yielding = outcome.claims.has(run.id) || !waitsForRoom ? null : yieldingFor(outcome, run);
        if (!yielding || !lacksNothing(missingOn(pool, h, stuck.need, yielding))) return lacks;
        return `${lacks}; others would make way, but ${reason}`;
      }
      return waitsForRoom && needs.length > 1
        ? `has room, but not for all ${needs.length} jobs, and so ${reason}`
        : `has room, but ${reason}`;
    };
    candidates.push({ host: host.name, why: why() });
    if (waitsForRoom && avoided === undefined && host.blocked === null && stuck)
      holders.push(...holdersOn(outcome, h, stuck.need, stuck.missing));
  }
  return { candidates, holders };
}

function neverText(pool: Pool, h: number, need: Need, run: Waiting): string {
  const host = pool.hosts[h]!;
  const gpu = run.jobs[need.job]?.gpu ?? null;
  const { gpus } = { gpus: gpuNumbers(pool, h, need).length };
  if (gpus < need.gpus)
    return host.gpus.length === 0 ? 'has no NVIDIA GPU' : `has ${gpus} of the ${countGpus(need.gpus, gpu)} that it asks for`;
  if (need.cpu > pool.total.cpu[h]!) return `has ${countCores(host.cpus)}, and it asks for ${cores(need.cpu)}`;
  return `has ${formatSize(host.memory)} of memory, and it asks for ${formatSize(need.memory)}`;
}

function missingText(pool: Pool, h: number, need: Need, { gpus, cpu, memory }: Missing, run: Waiting): string {
  const host = pool.hosts[h]!;
  return [
    ...(gpus > 0 ? [gpusText(pool, h, need, need.gpus - gpus, run)] : []),
    ...(cpu > 0 ? [`${cores(pool.free.cpu[h]!)} of ${countCores(host.cpus)} free, and it asks for ${cores(need.cpu)}`] : []),
    ...(memory > 0
      ? [
          `${formatSize(Math.max(0, pool.free.memory[h]!))} of ${formatSize(host.memory)} of memory free, and it asks for ${formatSize(need.memory)}`,
        ]
      : []),
  ].join('; ');
}

/** `1 of its 4 A100 GPUs is free, it wants 2 (GPU 3 is used by process 4711 (python3, root))` */
function gpusText(pool: Pool, h: number, need: Need, free: number, run: Waiting): string {
  const all = gpuNumbers(pool, h, need).length;
  const its = countGpus(all, run.jobs[need.job]?.gpu ?? null);
  const text =
    all === 1 ? `its ${its.slice(2)} is not free` : `${free} of its ${its} ${free === 1 ? 'is' : 'are'} free, it wants ${need.gpus}`;
  const foreign = foreignOn(pool, h, need, Infinity);
  return foreign === '' ? text : `${text} (${foreign})`;
}

const gpuNumbers = (pool: Pool, h: number, { want }: Need): number[] => {
  const numbers: number[] = [];
  for (let g = pool.from[h]!; g < pool.from[h + 1]!; g++) if (want?.has[pool.kindOf[g]!] === 1 && !pool.gpus[g]!.never) numbers.push(g);
  return numbers;
};

/** Runs on the host that hold GPUs that would do, or cores or memory that is lacking, and runs of other daemons. */
function holdersOn({ pool }: Outcome, h: number, need: Need, missing: Missing): Story['holders'] {
  const found: Story['holders'] = [];
  const wanted = new Set(missing.gpus > 0 ? gpuNumbers(pool, h, need) : []);
  for (const [number, { run, user, parts }] of pool.holders.entries()) {
    const part = parts.find((one) => one.host === h);
    if (!part) continue;
    const gpus = [...wanted].filter((g) => pool.holderOf[g] === number);
    const places = gpus.map((g) => placeOf(pool, h, g)).sort((a, b) => a - b);
    const what = [
      ...(places.length > 0 ? [`${places.length === 1 ? 'GPU' : 'GPUs'} ${places.join(', ')}`] : []),
      ...(missing.cpu > 0 && part.cpu > 0 ? [countCores(cores(part.cpu))] : []),
      ...(missing.memory > 0 && part.memory > 0 ? [`${formatSize(part.memory)} of memory`] : []),
    ];
    if (what.length > 0) found.push({ run, user, what: `${what.join(' and ')} of ${pool.hosts[h]!.name}` });
  }
  for (const { g, place } of missing.gpus > 0 ? foreignGpus(pool, h, need) : []) {
    const { heldBy } = pool.gpus[g]!;
    if (heldBy) found.push({ ...heldBy, what: `GPU ${place} of ${pool.hosts[h]!.name}, by another dstack daemon` });
  }
  return found.sort((a, b) => compare(a.run, b.run) || compare(a.what, b.what));
}
