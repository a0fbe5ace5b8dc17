/** Which device files of GPUs a container must see, and what to say when it sees others. Pure. */
import type { Gpu } from '../../hosts/host.ts';

/** The numbers N of the `/dev/nvidiaN` that belong to these GPUs (of a MIG device: that of the GPU it is part of); null: one is not on the host. */
export function devicesOf(gpus: readonly Gpu[], uuids: readonly string[]): number[] | null {
  const minors = uuids.map((uuid) => gpus.find((gpu) => gpu.uuid === uuid)?.minor ?? null);
  if (minors.includes(null)) return null;
  return [...new Set(minors as number[])].sort((a, b) => a - b);
}

/** One sentence. `seen` null: nobody knows what. */
export function wrongGpus(host: string, gpus: readonly Gpu[], uuids: readonly string[], seen: readonly number[] | null): string {
  const wanted =
    uuids.length === 0 ? 'no GPU' : uuids.map((uuid) => named(uuid, gpus.find((gpu) => gpu.uuid === uuid)?.minor)).join(' and ');
  return `the host '${host}' gave the container other GPUs than asked for, so nothing was run: it should see ${wanted}, and it saw ${saw(gpus, seen)}`;
}

function saw(gpus: readonly Gpu[], seen: readonly number[] | null): string {
  if (seen === null) return 'others';
  if (seen.length === 0) return 'none';
  return seen
    .map((minor) => named(gpus.find((gpu) => gpu.minor === minor && gpu.mig === null)?.uuid ?? 'an unknown one', minor))
    .join(' and ');
}

const named = (uuid: string, minor: number | undefined): string => (minor === undefined ? uuid : `${uuid} (/dev/nvidia${minor})`);
