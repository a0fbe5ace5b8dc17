import type { HostState } from '../../../daemon/scheduler/model.ts';

/** Cores and memory that come with each GPU of a described pool. */
const perGpu = { cpus: 16, memory: 128e9 };

/** `4x8xA100:80GB,2x4xT4:16GB`: four hosts with eight A100 of 80 GB each, and two with four T4. Null: it cannot be read. */
export function parsePool(spec: string): HostState[] | null {
  const hosts: HostState[] = [];
  for (const part of spec.split(',')) {
    const match = /^(\d+)x(\d+)x(\w+):(\d+)GB$/.exec(part.trim());
    if (!match) return null;
    const [, count, gpus, model, memory] = match;
    for (let index = 0; index < Number(count); index++) {
      const name = `${model}-${hosts.length}`;
      hosts.push({
        name,
        cpus: Number(gpus) * perGpu.cpus,
        memory: Number(gpus) * perGpu.memory,
        gpus: Array.from({ length: Number(gpus) }, (_, gpu) => {
          return { uuid: `${name}/${gpu}`, name: `NVIDIA ${model}`, memory: Number(memory) * 1e9, busy: null, never: false };
        }),
        blocked: null,
      });
    }
  }
  return hosts;
}
