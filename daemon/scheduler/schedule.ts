/**
 * Who starts now, where, on which GPUs, and why everybody else waits. Pure and deterministic.
 *
 * Order: priority (higher first), then age. A run takes what it asks for (GPUs by UUID, cores, memory). One that does not fit keeps what it
 * could have: a later run passes only on what the earlier ones cannot use. Nothing starts on a host that is short of disk.
 */
import { formatSize } from '../../shared/units.ts';
import type { GpuRequest } from '../../shared/workflow/model.ts';

export interface Waiting {
  id: string;
  run: string;
  priority: number;
  /** ms; the older first, then by id */
  submittedAt: number;
  cpu: number | null;
  memory: number | null;
  gpu: GpuRequest | null;
}

/** A GPU of a host; `holder`: the run that has it. */
export interface HostGpu {
  uuid: string;
  name: string;
  /** bytes; null: unknown, which satisfies no constraint */
  memory: number | null;
  holder: string | null;
}

export interface Capacity {
  host: string;
  cpus: number;
  memory: number;
  usedCpu: number;
  usedMemory: number;
  gpus: HostGpu[];
  /** says which disk is how full, when runs must wait for it */
  shortOfDisk: string | null;
  /** says why nothing can start there now */
  unreachable: string | null;
}

export interface Placement {
  id: string;
  host: string;
  gpus: string[];
}

export interface Schedule {
  placements: Placement[];
  /** why each waiting one waits, by id */
  reasons: Map<string, string>;
}

const matches = (gpu: HostGpu, want: GpuRequest): boolean =>
  (want.name === null || gpu.name.toLowerCase().includes(want.name.toLowerCase())) &&
  (want.memory === null || (gpu.memory ?? 0) >= want.memory);

/** The GPUs to take: the smallest that fit, so that the large stay for who needs them. */
const choose = (free: HostGpu[], want: GpuRequest): HostGpu[] =>
  free
    .filter((gpu) => matches(gpu, want))
    .toSorted((a, b) => (a.memory ?? 0) - (b.memory ?? 0) || a.uuid.localeCompare(b.uuid))
    .slice(0, want.count);

export function schedule(queue: readonly Waiting[], host: Capacity): Schedule {
  const placements: Placement[] = [];
  const reasons = new Map<string, string>();
  const ordered = queue.toSorted((a, b) => b.priority - a.priority || a.submittedAt - b.submittedAt || a.id.localeCompare(b.id));
  let cpu = host.cpus - host.usedCpu;
  let memory = host.memory - host.usedMemory;
  let free = host.gpus.filter((gpu) => gpu.holder === null);
  for (const [index, job] of ordered.entries()) {
    const gpus = job.gpu ? choose(free, job.gpu) : [];
    const missing = [
      ...(job.gpu && gpus.length < job.gpu.count ? [gpuReason(job.gpu, gpus.length, host)] : []),
      ...(job.cpu !== null && job.cpu > cpu ? [`${job.cpu} cores (${Math.max(0, cpu)} of ${host.cpus} are free)`] : []),
      ...(job.memory !== null && job.memory > memory
        ? [`${formatSize(job.memory)} of memory (${formatSize(Math.max(0, memory))} of ${formatSize(host.memory)} are free)`]
        : []),
    ];
    // what it could have is kept for it, so that no later one takes it away again and again
    cpu -= job.cpu ?? 0;
    memory -= job.memory ?? 0;
    free = free.filter((gpu) => !gpus.includes(gpu));
    const blocked = host.unreachable ?? host.shortOfDisk;
    if (blocked !== null) reasons.set(job.id, `${position(index)}${blocked}`);
    else if (missing.length > 0) reasons.set(job.id, `${position(index)}waits for ${missing.join(' and ')}`);
    else placements.push({ id: job.id, host: host.host, gpus: gpus.map((gpu) => gpu.uuid) });
  }
  return { placements, reasons };
}

const position = (index: number): string => (index === 0 ? 'next in line, ' : `number ${index + 1} in line, `);

function gpuReason(want: GpuRequest, have: number, host: Capacity): string {
  const holders = [...new Set(host.gpus.filter((gpu) => matches(gpu, want) && gpu.holder !== null).map((gpu) => gpu.holder))];
  const what = `${want.count - have} more ${want.name ?? ''} GPU${want.count - have === 1 ? '' : 's'}`.replace('  ', ' ');
  return holders.length > 0 ? `${what} (held by ${holders.join(', ')})` : what;
}

/** Why no state of the host could ever serve the request; null: it can. One sentence. */
export function neverFits(
  job: Pick<Waiting, 'cpu' | 'memory' | 'gpu'>,
  host: Pick<Capacity, 'host' | 'cpus' | 'memory' | 'gpus'>,
): string | null {
  const { gpu } = job;
  if (gpu) {
    const fitting = host.gpus.filter((candidate) => matches(candidate, gpu)).length;
    const wanted = `${gpu.count} ${gpu.name ?? ''} GPU${gpu.count === 1 ? '' : 's'}${gpu.memory === null ? '' : ` with ${formatSize(gpu.memory)}`}`;
    if (host.gpus.length === 0) return `It asks for ${wanted.replace('  ', ' ')}, and the host '${host.host}' has no NVIDIA GPU`;
    if (fitting < gpu.count) {
      const have = host.gpus.map((g) => `${g.name} (${g.memory === null ? 'memory unknown' : formatSize(g.memory)})`).join(', ');
      return `It asks for ${wanted.replace('  ', ' ')}, and the host '${host.host}' has ${fitting} such: its GPUs are ${have}`;
    }
  }
  if (job.cpu !== null && job.cpu > host.cpus) return `It asks for ${job.cpu} cores, and the host '${host.host}' has ${host.cpus}`;
  if (job.memory !== null && job.memory > host.memory) {
    return `It asks for ${formatSize(job.memory)} of memory, and the host '${host.host}' has ${formatSize(host.memory)}`;
  }
  return null;
}
