import { defaultConfig } from '../../../shared/config-file.ts';
import type { DoctorParts } from '../../../daemon/doctor/parts.ts';
import type { EngineInfo } from '../../../daemon/engine/engine.ts';
import type { Gpu, HostFacts } from '../../../daemon/hosts/host.ts';

export const info: EngineInfo = {
  id: 'an-engine',
  version: '28.2.2',
  epoch: 'e',
  operatingSystem: 'Debian GNU/Linux 13',
  cpus: 16,
  memory: 64e9,
  rootDir: '/var/lib/docker',
  rootless: false,
  defaultRuntime: 'runc',
  runtimes: ['runc'],
  cdi: false,
  cdiSpecDirs: [],
  labels: [],
};

export const gpu: Gpu = {
  uuid: 'GPU-01234567-89ab-cdef-0123-456789abcdef',
  index: 0,
  name: 'NVIDIA RTX A6000',
  memory: 48e9,
  driver: '580.1',
  computeCapability: '8.6',
  minor: 0,
  mig: null,
  problem: null,
  memoryUsed: null,
  utilization: null,
  temperature: null,
  power: null,
  processes: [],
};

export const facts: HostFacts = {
  name: 'local',
  reachable: true,
  cpus: 16,
  memory: 64e9,
  freeDisk: [
    { path: '/home/ada/.dstack', bytes: 100e9 },
    { path: '/var/lib/docker', bytes: 80e9 },
  ],
  gpus: [gpu],
  gpusReadAt: null,
  gpusStaleSince: null,
  gpuProblem: null,
  bootId: 'b',
};

/** Stand-ins for every part of a machine on which all is well, some of them replaced. */
export const machine = (ill: Partial<DoctorParts> = {}): DoctorParts => ({
  home: '/home/ada/.dstack',
  config: defaultConfig(),
  nodeVersion: 'v24.21.0',
  endpoint: 'unix:///var/run/docker.sock',
  homeState: async () => ({ mode: 0o700, writable: true }),
  fileSystem: async () => ({ type: 'ext4', mountPoint: '/', network: false }),
  gitVersion: async () => 'git version 2.47.3\n',
  facts: async () => facts,
  gpuStates: async () => new Map([[gpu.uuid, null]]),
  nvidiaCards: async () => 1,
  info: async () => info,
  attach: async () => ({ method: 'gpus' }),
  toolkitInstalled: async () => true,
  hasImage: async () => true,
  trial: async () => ({ exitCode: 0, output: '67108864\n', limit: 67_108_864 }),
  overlay: async () => true,
  otherImages: async () => [],
  ...ill,
});
