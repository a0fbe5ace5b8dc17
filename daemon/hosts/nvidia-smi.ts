/** The calls of nvidia-smi that we make, and what it answers to the short ones; the report has a file of its own. */

/** Everything about every GPU, or about those at these places of the bus: 0.1 s, seconds where nothing keeps the driver loaded. */
export const reportArgs = (buses: readonly string[] = []): string[] => ['-q', '-x', ...(buses.length === 0 ? [] : ['-i', buses.join(',')])];

/** What the report does not have; none of it changes while the driver runs. `compute_cap` came with driver 510: without it for older ones. */
export const detailArgs = (computeCapability: boolean): string[] => [
  `--query-gpu=index,uuid${computeCapability ? ',compute_cap' : ''}`,
  '--format=csv,noheader,nounits',
];

/** The GPUs with their MIG devices. */
export const listArgs = ['-L'];

export interface Details {
  index: number;
  /** `8.0`; null: not told */
  computeCapability: string | null;
}

/** By UUID, out of the answer to detailArgs. Lines that are something else are passed over. */
export function parseDetails(output: string): Map<string, Details> {
  const found = new Map<string, Details>();
  for (const line of output.split('\n')) {
    const [, index, uuid = '', computeCapability] = /^\s*(\d+)\s*,\s*(GPU-[0-9a-f-]+)\s*(?:,\s*(\d+\.\d+)?)?/i.exec(line) ?? [];
    if (index !== undefined) found.set(uuid, { index: Number(index), computeCapability: computeCapability ?? null });
  }
  return found;
}

export interface MigListed {
  /** the GPU it is part of */
  parent: string;
  /** the how manyth of it, as in the report */
  index: number;
  uuid: string;
  profile: string;
}

/** The MIG devices out of the answer to listArgs. */
export function parseMigList(output: string): MigListed[] {
  const found: MigListed[] = [];
  let parent = '';
  for (const line of output.split('\n')) {
    parent = /^GPU \d+:.*\(UUID: (GPU-[0-9a-f-]+)\)/i.exec(line)?.[1] ?? parent;
    const [, profile, index, uuid] = /^\s*MIG\s+(\S+)\s+Device\s+(\d+)\s*:\s*\(UUID:\s*(MIG-[^)\s]+)\)/i.exec(line) ?? [];
    if (uuid && profile && parent) found.push({ parent, index: Number(index), uuid, profile });
  }
  return found;
}
