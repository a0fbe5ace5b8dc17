import type { HostState } from '../../../daemon/scheduler/model.ts';

const modelOf = (host: HostState): string => host.gpus[0]?.name.replace(/^NVIDIA /, '').split(' ')[0] ?? 'GPUs';

/** A host's kind: its GPU model, how many, its cores and memory. */
const kindOf = (host: HostState): string => [modelOf(host), host.gpus.length, host.cpus, host.memory].join('/');

/**
 * A pool of `count` hosts in the proportions of the large one: the hosts are ordered by model and kind, cut into `count` equal stretches, and
 * one host of each is taken: at `offset` of it, 0 to 1.
 */
export function sampleHosts(hosts: readonly HostState[], count: number, offset: number): HostState[] {
  const ordered = hosts.map((host) => ({ host, kind: kindOf(host) })).toSorted((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0));
  return Array.from({ length: count }, (_, index) => ordered[Math.floor(((index + offset) * ordered.length) / count)]!.host);
}

/** `4 × 8 G2, 3 × 2 T4` */
export function describePool(hosts: readonly HostState[]): string {
  const counts = new Map<string, number>();
  for (const host of hosts) {
    const kind = `${host.gpus.length} ${modelOf(host)}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} × ${kind}`).join(', ');
}
