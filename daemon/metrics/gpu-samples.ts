import type { HostFacts } from '../hosts/host.ts';
import type { GpuSample } from '../store/samples.ts';

const unknown: GpuSample = { utilization: null, memory: null };

/**
 * What the host's last reading says of these GPUs (UUIDs), in their order. A GPU is one job's alone, so all of it is that job's; but a reading from
 * before the job's start (ms) is another's, and one from before `freshFrom` (ms) says nothing about now.
 */
export function gpuSamples(
  uuids: readonly string[],
  facts: Pick<HostFacts, 'gpus' | 'gpusReadAt' | 'gpusStaleSince'> | null,
  startedAt: number,
  freshFrom: number,
): GpuSample[] {
  const readAt = facts?.gpusReadAt ?? null;
  const valid = readAt !== null && facts?.gpusStaleSince === null && readAt >= startedAt && readAt >= freshFrom;
  return uuids.map((uuid) => {
    const gpu = valid ? facts?.gpus.find((one) => one.uuid === uuid) : undefined;
    return gpu ? { utilization: gpu.utilization, memory: gpu.memoryUsed } : unknown;
  });
}
