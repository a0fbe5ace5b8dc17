/** What `nvidia-smi -q -x` says. */
import type { Gpu, GpuProcess } from './host.ts';
import { healthProblem } from './gpu-health.ts';
import { bytes, number, value } from './report-values.ts';
import { find, findAll, readXml, type XmlElement } from './xml.ts';

/** A GPU as reported: what other calls of nvidia-smi add is still missing, `index` is its place in the report. */
export interface Reported {
  /** `01:00.0` of domain 0, else `0001:01:00.0` */
  bus: string;
  /** null: it says nothing usable about itself, only its place on the bus and `problem` */
  gpu: Gpu | null;
  problem: string | null;
  /** without UUIDs and profiles, which only `nvidia-smi -L` knows */
  mig: MigReported[];
}

export interface MigReported {
  index: number;
  memory: number | null;
  memoryUsed: number | null;
  problem: string | null;
  processes: GpuProcess[];
}

export const dividedIntoMig = 'it is divided into MIG devices';

export interface Report {
  gpus: Reported[];
  driver: string;
  /** what stands around them: what nvidia-smi says of those that it cannot read */
  said: string;
  /** false: it is cut short, by a crash or a GPU that could not be asked */
  complete: boolean;
}

/** Out of the answer to reportArgs; null: this is no report. */
export function parseReport(output: string): Report | null {
  // half of the report, and nobody needs it
  const root = readXml(output.replace(/<supported_clocks>[^]*?<\/supported_clocks>/g, ''));
  const log = find(root, 'nvidia_smi_log');
  if (!log) return null;
  const driver = value(log, 'driver_version') ?? 'unknown';
  const gpus = log.children.filter((child) => child.name === 'gpu').map((gpu, index) => reported(gpu, index, driver));
  const said = `${root.text} ${log.text}`.replace(/\s+/g, ' ').trim();
  return { gpus, driver, said, complete: output.includes('</nvidia_smi_log>') };
}

/** The same place on the bus, however many digits its domain is written with; '' where the text names none. */
export function busOf(text: string): string {
  const [, domain = '0', bus = '', rest = ''] = /(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2}\.[0-9a-f])/i.exec(text) ?? [];
  if (bus === '') return '';
  const number = Number.parseInt(domain, 16);
  return `${number === 0 ? '' : `${number.toString(16).padStart(4, '0')}:`}${bus}:${rest}`.toLowerCase();
}

function reported(gpu: XmlElement, index: number, driver: string): Reported {
  const bus = busOf(gpu.attributes) || busOf(value(gpu, 'pci/pci_bus_id') ?? '');
  const minor = value(gpu, 'minor_number');
  const uuid = value(gpu, 'uuid') ?? '';
  const reset = `sudo nvidia-smi --gpu-reset -i ${uuid || bus || index}`;
  const health = healthProblem(gpu, reset);
  if (!/^GPU-[0-9a-f-]+$/i.test(uuid)) return { bus, gpu: null, problem: health ?? 'nvidia-smi cannot read it', mig: [] };
  const devices = findAll(gpu, 'mig_device');
  const isMig = value(gpu, 'mig_mode/current_mig') === 'Enabled';
  const processes = findAll(gpu, 'process_info').flatMap((one) => {
    const process = processOf(one);
    return process ? [{ process, instance: instanceOf(one) }] : [];
  });
  return {
    bus,
    problem: health,
    gpu: {
      uuid,
      index,
      name: value(gpu, 'product_name') ?? 'NVIDIA GPU',
      memory: bytes(gpu, 'fb_memory_usage/total'),
      driver,
      computeCapability: null,
      minor: minor !== null && /^\d+$/.test(minor) ? Number(minor) : index,
      mig: null,
      problem: health ?? (isMig ? dividedIntoMig : null),
      memoryUsed: bytes(gpu, 'fb_memory_usage/used'),
      utilization: number(value(gpu, 'utilization/gpu_util')),
      temperature: number(value(gpu, 'temperature/gpu_temp')),
      power: power(gpu),
      processes: processes.map((one) => one.process),
    },
    mig: devices.map((device, place) => {
      const instance = instanceOf(device);
      return {
        index: number(value(device, 'index')) ?? place,
        memory: bytes(device, 'fb_memory_usage/total'),
        memoryUsed: bytes(device, 'fb_memory_usage/used'),
        problem: health ?? healthProblem(device, reset),
        processes: processes.filter((one) => one.instance === instance).map((one) => one.process),
      };
    }),
  };
}

/** Which MIG device: `GPU instance/compute instance`. */
const instanceOf = (one: XmlElement): string => `${value(one, 'gpu_instance_id')}/${value(one, 'compute_instance_id')}`;

function processOf(one: XmlElement): GpuProcess | null {
  const pid = number(value(one, 'pid'));
  if (pid === null) return null;
  // M is said of clients of the Multi-Process Service
  const type = value(one, 'type') ?? 'C';
  const [computes, draws] = [/[CM]/.test(type), type.includes('G')];
  return {
    pid,
    name: value(one, 'process_name') ?? '',
    type: computes && draws ? 'C+G' : draws ? 'G' : 'C',
    memory: bytes(one, 'used_memory'),
    user: null,
    container: null,
  };
}

/** Drivers have moved it about. */
const power = (gpu: XmlElement): number | null => {
  for (const section of ['gpu_power_readings', 'power_readings', 'module_power_readings']) {
    for (const name of ['power_draw', 'instant_power_draw', 'average_power_draw']) {
      const found = number(value(gpu, `${section}/${name}`));
      if (found !== null) return found;
    }
  }
  return null;
};
