import type { Host } from '../hosts/host.ts';

/** The numbers on the host of GPUs (their UUIDs), as nvidia-smi counts them; null: not known now. Waits for no reading. */
export async function gpuNumbers(host: Host, uuids: readonly string[]): Promise<(number | null)[]> {
  if (uuids.length === 0) return [];
  const { gpus } = await host.facts({ anyGpus: true });
  return uuids.map((uuid) => gpus.find((gpu) => gpu.uuid === uuid)?.index ?? null);
}
