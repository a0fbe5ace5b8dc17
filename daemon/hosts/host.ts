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
  /** why it is not handed out; null: nothing known against it */
  busy: string | null;
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
  /** a sentence when GPUs are there but cannot be used or seen as they should; null: nothing wrong, or no GPU */
  gpuProblem: string | null;
  /** changes with every start of the machine */
  bootId: string;
}

export interface Host {
  name: 'local';
  /** As sampled a moment ago; `fresh` asks everything anew. */
  facts(options?: { fresh?: boolean }): Promise<HostFacts>;
}
