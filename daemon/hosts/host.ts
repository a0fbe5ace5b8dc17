/** A machine of the pool, as the rest of the daemon sees it. */

export interface Gpu {
  uuid: string;
  index: number;
  /** product name: `NVIDIA A100-SXM4-80GB` */
  name: string;
  /** bytes; null: the driver does not say (boards that share the machine's memory) */
  memory: number | null;
  driver: string;
  /** `8.0`; null: the driver is too old to say */
  computeCapability: string | null;
  /** N of its device file `/dev/nvidiaN`; of a MIG device, that of the GPU it is part of */
  minor: number;
  /** a MIG device: the GPU it is part of (its UUID) and its profile (`1g.10gb`); null: a whole GPU */
  mig: { parent: string; profile: string } | null;
  /** why it is never handed out, one sentence: divided into MIG devices, broken memory, fallen off the bus; null: nothing against it */
  problem: string | null;
  /** bytes; null: not told */
  memoryUsed: number | null;
  /** percent */
  utilization: number | null;
  /** °C */
  temperature: number | null;
  /** W */
  power: number | null;
  processes: GpuProcess[];
}

/** A process that uses a GPU, as the machine sees it. */
export interface GpuProcess {
  pid: number;
  name: string;
  /** C computes, G draws */
  type: 'C' | 'G' | 'C+G';
  /** bytes of the GPU's memory; null: not told */
  memory: number | null;
  /** of this machine; null: not known */
  user: string | null;
  /** id of the container it runs in; null: none, or not known */
  container: string | null;
}

export interface HostFacts {
  name: string;
  reachable: true;
  /** cores that containers can use */
  cpus: number;
  /** bytes that containers can use */
  memory: number;
  /** free bytes for us, per place that a run fills */
  freeDisk: { path: string; bytes: number }[];
  gpus: Gpu[];
  /** when they were read (ms); null: never since the daemon was started */
  gpusReadAt: number | null;
  /** what nvidia-smi said is older than it should be (ms since 1970 of the last good reading); null: it is fresh */
  gpusStaleSince: number | null;
  /** a sentence when GPUs are there but cannot be used or seen as they should; null: nothing wrong, or no GPU */
  gpuProblem: string | null;
  /** changes with every start of the machine */
  bootId: string;
}

export interface Host {
  name: 'local';
  /**
   * As sampled a moment ago; `fresh` asks everything anew. `anyGpus`: the GPUs as they are known, however old that is, maybe none yet; for who needs none and
   * shall not wait for nvidia-smi. `recentGpus`: waits for them where the last reading is older than `gpus.read_every`.
   */
  facts(options?: { fresh?: boolean; anyGpus?: boolean; recentGpus?: boolean }): Promise<HostFacts>;
}
