import { formatSize } from '../../shared/units.ts';
import { createDemand, type Need } from './demand.ts';
import { compare, matches } from './match.ts';
import type { HostState, Request, Waiting } from './model.ts';
import { countCores, countGpus } from './words.ts';

/**
 * Why no state of the hosts could ever serve the run; null: they could. One sentence, about the host that comes closest; that of a gang is about the
 * first of its jobs that fits nowhere, or about all of them together. A host where nothing can start now counts: it will be back.
 */
export function neverFits(run: Pick<Waiting, 'jobs' | 'avoid'>, hosts: readonly HostState[]): string | null {
  if (hosts.length === 0) return 'The pool has no host';
  const open = hosts.filter((host) => !run.avoid.has(host.name));
  if (open.length === 0)
    return `No host can serve it: ${[...run.avoid]
      .sort((a, b) => compare(a[0], b[0]))
      .map(([host, why]) => `${host}: ${why}`)
      .join('; ')}`;
  for (const job of run.jobs) {
    const best = open
      .map((host) => ({ host, short: shortOf(job, host) }))
      .sort((a, b) => a.short - b.short || compare(a.host.name, b.host.name))[0];
    if (best && best.short > 0) return sentence(job, best.host, hosts.length > 1);
  }
  const placed = run.jobs.length === 1 ? 1 : placeAll(run, open);
  if (placed === run.jobs.length) return null;
  return `Its ${run.jobs.length} jobs start together, and ${open.length === 1 ? `the host '${open[0]?.name}' has` : 'all hosts together have'} room for ${placed} of them`;
}

const fittingGpus = (job: Request, host: HostState): number => {
  const { gpu } = job;
  return gpu ? host.gpus.filter((candidate) => !candidate.never && matches(candidate, gpu)).length : 0;
};

/** How far the host is from what the job asks for: 0 is enough; GPUs weigh the most. */
function shortOf(job: Request, host: HostState): number {
  const wanted = job.gpu?.count ?? 0;
  const gpus = Math.max(0, wanted - fittingGpus(job, host));
  // of hosts that lack the same, one with GPUs comes closer than one without
  const none = gpus > 0 && host.gpus.length === 0 ? 0.5 : 0;
  const cpu = Math.max(0, (job.cpu ?? 0) - host.cpus) / Math.max(1, job.cpu ?? 1);
  const memory = Math.max(0, (job.memory ?? 0) - host.memory) / Math.max(1, job.memory ?? 1);
  return (gpus + none) * 10 + cpu + memory;
}

function sentence(job: Request, host: HostState, several: boolean): string {
  const { gpu } = job;
  const where = `the ${several ? 'closest ' : ''}host '${host.name}'`;
  if (gpu && fittingGpus(job, host) < gpu.count) {
    const wanted = `${countGpus(gpu.count, gpu)}${gpu.memory === null ? '' : ` with ${formatSize(gpu.memory)}`}`;
    if (host.gpus.length === 0) return `It asks for ${wanted}, and ${several ? 'no host has an' : `${where} has no`} NVIDIA GPU`;
    const fitting = fittingGpus(job, host);
    const its = host.gpus.length === 1 ? 'its GPU is' : 'its GPUs are';
    return `It asks for ${wanted}, and ${where} has ${fitting === 0 ? 'none' : fitting} such: ${its} ${inventory(host.gpus)}`;
  }
  if (job.cpu !== null && job.cpu > host.cpus) return `It asks for ${countCores(job.cpu)}, and ${where} has ${host.cpus}`;
  return `It asks for ${formatSize(job.memory ?? 0)} of memory, and ${where} has ${formatSize(host.memory)}`;
}

/** `4 × NVIDIA A100-SXM4-80GB (85.9 GB)` */
function inventory(gpus: HostState['gpus']): string {
  const counts = new Map<string, number>();
  for (const { name, memory, never } of gpus) {
    const text = `${name} (${memory === null ? 'memory unknown' : formatSize(memory)}${never ? ', not handed out' : ''})`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => (count === 1 ? text : `${count} × ${text}`)).join(', ');
}

/** How many jobs of the gang the empty hosts hold at once, the most demanding first. */
function placeAll(run: Pick<Waiting, 'jobs' | 'avoid'>, hosts: readonly HostState[]): number {
  const { needs } = createDemand(hosts, [run]).shapeOf(run);
  const left = hosts.map((host) => ({
    cpu: Math.round(host.cpus * 1000),
    memory: host.memory,
    gpus: host.gpus.filter((gpu) => !gpu.never),
  }));
  const place = (need: Need): boolean => {
    const gpu = run.jobs[need.job]?.gpu ?? null;
    for (const host of left) {
      const fitting = gpu ? host.gpus.filter((candidate) => matches(candidate, gpu)).sort((a, b) => (a.memory ?? 0) - (b.memory ?? 0)) : [];
      if (fitting.length < need.gpus || host.cpu < need.cpu || host.memory < need.memory) continue;
      const taken = new Set(fitting.slice(0, need.gpus));
      host.gpus = host.gpus.filter((candidate) => !taken.has(candidate));
      host.cpu -= need.cpu;
      host.memory -= need.memory;
      return true;
    }
    return false;
  };
  return needs.filter(place).length;
}
