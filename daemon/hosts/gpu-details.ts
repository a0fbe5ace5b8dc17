import type { Reported } from './gpu-report.ts';
import type { Gpu, GpuProcess } from './host.ts';
import { detailArgs, listArgs, parseDetails, parseMigList, type Details } from './nvidia-smi.ts';

export interface DetailParts {
  /** what nvidia-smi prints; '' when it does not answer */
  ask(args: string[]): Promise<string>;
  owner(pid: number): Promise<Pick<GpuProcess, 'user' | 'container'>>;
}

/**
 * Fills in what the report lacks: index and compute capability, asked once for each driver and set of GPUs; where a GPU is divided, the names of its MIG
 * devices, which then stand behind it as GPUs of their own; who runs the processes.
 */
export function gpuDetails({ ask, owner }: DetailParts): (reported: readonly Reported[], driver: string) => Promise<Gpu[]> {
  let known = new Map<string, Details>();
  let knownOf = '';

  const detailsFor = async (key: string): Promise<Map<string, Details>> => {
    if (key === knownOf) return known;
    for (const computeCapability of [true, false]) {
      const found = parseDetails(await ask(detailArgs(computeCapability)));
      if (found.size === 0) continue;
      [known, knownOf] = [found, key];
      return found;
    }
    return new Map();
  };

  return async (reported, driver) => {
    const details = await detailsFor([driver, ...reported.map(({ gpu }) => gpu?.uuid ?? '')].join());
    const divided = reported.some(({ mig }) => mig.length > 0);
    const listed = divided ? parseMigList(await ask(listArgs)) : [];
    const gpus = reported.flatMap(({ gpu: bare, mig }) => {
      if (!bare) return [];
      const gpu = { ...bare, ...details.get(bare.uuid) };
      const devices = mig.flatMap(({ index, ...device }): Gpu[] => {
        const found = listed.find((one) => one.parent === gpu.uuid && one.index === index);
        if (!found) return [];
        const { uuid, parent, profile } = found;
        // how much a GPU works is told of the whole only
        return [{ ...gpu, ...device, uuid, name: `${gpu.name} MIG ${profile}`, mig: { parent, profile }, utilization: null }];
      });
      // a process stands with the device that it uses
      const taken = new Set(devices.flatMap((device) => device.processes));
      return [{ ...gpu, processes: gpu.processes.filter((process) => !taken.has(process)) }, ...devices];
    });
    await Promise.all(gpus.flatMap((gpu) => gpu.processes).map(async (process) => Object.assign(process, await owner(process.pid))));
    return gpus;
  };
}
