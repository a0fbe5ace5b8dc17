import type { Gpu } from './host.ts';

/** What we ask for, in the order in which parseGpus reads it. */
export const gpuFields = ['index', 'uuid', 'memory.total', 'driver_version', 'compute_cap', 'name'] as const;

/** `compute_cap` came with driver 510: without it for older ones. */
export const queryOf = (fields: readonly string[]): string[] => [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];

/** GPUs of the output of a query for `gpuFields`, and every other line that is not empty: what nvidia-smi says of GPUs that it cannot read. */
export function parseGpus(output: string, fields: readonly string[] = gpuFields): { gpus: Gpu[]; otherLines: string[] } {
  const gpus: Gpu[] = [];
  const otherLines: string[] = [];
  for (const line of output.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const gpu = parseLine(line, fields);
    if (gpu) gpus.push(gpu);
    else otherLines.push(line.trim());
  }
  return { gpus: gpus.sort((a, b) => a.index - b.index), otherLines };
}

function parseLine(line: string, fields: readonly string[]): Gpu | null {
  const parts = line.split(',').map((part) => part.trim());
  if (parts.length < fields.length) return null;
  // the name comes last, and may hold commas
  const values = [...parts.slice(0, fields.length - 1), parts.slice(fields.length - 1).join(', ')];
  const value = (field: (typeof gpuFields)[number]): string | null => {
    const text = values[fields.indexOf(field)];
    // [N/A], [Not Supported], [Unknown Error], [GPU requires reset], in any language: brackets mean that there is no value
    return text === undefined || text === '' || /^\[.*\]$/.test(text) || text === 'N/A' ? null : text;
  };
  const uuid = value('uuid');
  const index = value('index');
  if (!uuid || !/^GPU-[0-9a-f-]{36}$/i.test(uuid) || !index || !/^\d+$/.test(index)) return null;
  const mebibytes = value('memory.total');
  return {
    uuid,
    index: Number(index),
    name: value('name') ?? 'NVIDIA GPU',
    memory: mebibytes !== null && /^\d+$/.test(mebibytes) ? Number(mebibytes) * 2 ** 20 : null,
    driver: value('driver_version') ?? 'unknown',
    computeCapability: value('compute_cap'),
    minor: Number(index),
    mig: null,
    problem: null,
    memoryUsed: null,
    utilization: null,
    temperature: null,
    power: null,
    processes: [],
  };
}
