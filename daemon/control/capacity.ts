import { isEnded } from '../../shared/states.ts';
import { formatSize } from '../../shared/units.ts';
import type { HostFacts } from '../hosts/host.ts';
import type { Capacity } from '../scheduler/schedule.ts';
import type { ControlParts } from './parts.ts';

/** What a host has and what our unfinished attempts hold of it. An attempt holds its GPUs until it has ended: its container runs no more. */
export function capacityOf(facts: HostFacts, parts: Pick<ControlParts, 'store' | 'config' | 'monitor'>): Capacity {
  const holders = new Map<string, string>();
  let usedCpu = 0;
  let usedMemory = 0;
  for (const job of parts.store.jobs.open()) {
    // it holds nothing any more: what is left is tidying up
    if (isEnded(job.state.status)) continue;
    if (!('gpus' in job.state) || !('host' in job.state) || job.state.host !== facts.name) continue;
    const run = parts.store.runs.byId(job.runId);
    const spec = run?.spec.jobs[job.job];
    usedCpu += spec?.cpu ?? 0;
    usedMemory += spec?.memory ?? 0;
    for (const uuid of job.state.gpus) holders.set(uuid, run?.name ?? '');
  }
  const short = facts.freeDisk.find((disk) => disk.bytes < parts.config.minFreeDisk);
  const engine = parts.monitor.state();
  return {
    host: facts.name,
    cpus: facts.cpus,
    memory: facts.memory,
    usedCpu,
    usedMemory,
    gpus: facts.gpus.map(({ uuid, name, memory }) => ({ uuid, name, memory, holder: holders.get(uuid) ?? null })),
    shortOfDisk: short
      ? `the disk of ${short.path} has ${formatSize(short.bytes)} free, less than min_free_disk (${formatSize(parts.config.minFreeDisk)}); free some with: dstack gc`
      : null,
    unreachable: engine.status === 'unreachable' ? `${engine.why}; see: dstack doctor` : null,
  };
}
