import { formatSize } from '../../../shared/units.ts';
import { foreignUse } from '../../hosts/foreign-use.ts';
import type { Gpu, HostFacts } from '../../hosts/host.ts';
import type { HostGpu, HostState } from '../../scheduler/model.ts';
import type { GpuHolder } from '../claims/claims.ts';

/** What the state of a host is made of, beside its facts. */
export interface HostView {
  now: number;
  minFreeDisk: number;
  /** bytes of a GPU's memory that nobody of ours uses, above which it counts as busy */
  busyMemory: number;
  /** why nothing can start there now: the engine does not answer, the policy cannot be read; null: nothing against it */
  blocked: string | null;
  /** when each GPU was last held by a run of ours (ms): a reading from before says nothing about others */
  lastHeld: ReadonlyMap<string, number>;
  /** of the job containers of dstack on it */
  containers: ReadonlySet<string>;
  /** GPUs that are kept back, and why */
  suspects: ReadonlyMap<string, string>;
  /** GPUs that other daemons have */
  others: ReadonlyMap<string, GpuHolder>;
}

/** A host as the scheduler sees it: what it has, and what of it nobody may have now. Pure. */
export function hostState(facts: HostFacts, view: HostView): HostState {
  return {
    name: facts.name,
    cpus: facts.cpus,
    memory: facts.memory,
    gpus: facts.gpus.map((gpu) => hostGpu(gpu, facts, view)),
    blocked: view.blocked ?? shortOfDisk(facts, view.minFreeDisk),
  };
}

/** Which disk has how little room; null: all have enough. */
export function shortOfDisk(facts: Pick<HostFacts, 'freeDisk'>, minFreeDisk: number): string | null {
  const short = facts.freeDisk.find((disk) => disk.bytes < minFreeDisk);
  return short
    ? `the disk of ${short.path} has ${formatSize(short.bytes)} free, less than min_free_disk (${formatSize(minFreeDisk)}); free some with: dstack gc`
    : null;
}

/** How long after its end a run's memory may still show on a GPU (ms). */
const settling = 2_000;

function hostGpu(gpu: Gpu, facts: HostFacts, view: HostView): HostGpu {
  const { uuid, name, memory } = gpu;
  const held = view.lastHeld.get(uuid) ?? -Infinity;
  // a time in the future is from before the clock was set back
  const heldWhenRead = held <= view.now && (facts.gpusReadAt ?? 0) <= held + settling;
  const other = view.others.get(uuid);
  const foreign = foreignUse(gpu, {
    ours: (process) => heldWhenRead || (process.container !== null && view.containers.has(process.container)),
    heldWhenRead,
    busyMemory: view.busyMemory,
  });
  // known from an earlier daemon alone: who uses it now nobody can say
  const unread =
    facts.gpusReadAt === null && facts.gpusStaleSince !== null ? `could not be read: ${facts.gpuProblem?.replace(/\.$/, '')}` : null;
  const busy = gpu.problem ?? view.suspects.get(uuid) ?? (other ? ofAnotherDaemon(other) : (unread ?? foreign));
  const heldBy = other && other.run !== '' ? { heldBy: { run: other.run, user: other.user } } : {};
  return { uuid, name, memory, busy, never: gpu.problem !== null, ...heldBy };
}

/** Between daemons nobody keeps an order, and whoever waits shall know. */
const ofAnotherDaemon = ({ run, user }: GpuHolder): string =>
  `has ${run === '' ? 'a claim' : `the run ${run}`} of ${user}, of another dstack daemon (between daemons no order is promised)`;
