import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { Engine, EngineInfo } from '../engine/engine.ts';
import { cached } from './cached.ts';
import { createGpuProbe } from './gpu-probe.ts';
import type { GpuState } from './gpu-probe.ts';
import type { Host, HostFacts } from './host.ts';
import { containerToolkit, toolkitPlaces } from './toolkit.ts';
import type { ToolkitPlaces } from './toolkit.ts';

export interface LocalHostOptions {
  home: string;
  engine: Engine;
  /** path of nvidia-smi, for tests */
  nvidiaSmi?: string;
  /** milliseconds that nvidia-smi may take */
  nvidiaSmiLimitMs?: number;
  places?: ToolkitPlaces;
  now?(): number;
}

/** nvidia-smi takes up to seconds where the driver is not kept loaded, and what it says here changes with the driver only. */
const gpusFor = 60_000;
const restFor = 1_000;

export const toolkitMissing = 'The NVIDIA driver is here, but its container toolkit is not, so containers cannot be given GPUs.';

/** The machine that the daemon runs on. Nothing is asked before the first `facts`. */
export function createLocalHost(options: LocalHostOptions): Host {
  const { home, engine, nvidiaSmi = 'nvidia-smi', nvidiaSmiLimitMs = 10_000, places = toolkitPlaces(), now = Date.now } = options;
  const gpus = cached(createGpuProbe({ nvidiaSmi, limitMs: nvidiaSmiLimitMs, now }), gpusFor, now);
  const rest = cached(
    async () => {
      const info = await engine.info().catch(() => null);
      return { info, ...sizes(info), freeDisk: await freeDisk([home, info?.rootDir]), bootId: await bootId() };
    },
    restFor,
    now,
  );

  return {
    name: 'local',
    async facts({ fresh = false } = {}): Promise<HostFacts> {
      const [{ info, ...others }, gpuState] = await Promise.all([rest(fresh), gpus(fresh)]);
      return {
        name: 'local',
        reachable: true,
        ...others,
        gpus: gpuState.gpus,
        gpusReadAt: null,
        gpusStaleSince: null,
        gpuProblem: await gpuProblem(gpuState, info, places),
      };
    },
  };
}

async function gpuProblem(state: GpuState, info: EngineInfo | null, places: ToolkitPlaces): Promise<string | null> {
  if (state.problem || state.gpus.length === 0 || !info) return state.problem;
  if (await containerToolkit(info, places)) return null;
  return toolkitMissing;
}

/** What containers can use: the least of what the system, our cgroup and the engine (which may live in a virtual machine) have. */
function sizes(info: EngineInfo | null): { cpus: number; memory: number } {
  const constrained = process.constrainedMemory() || Infinity;
  return {
    cpus: Math.min(availableParallelism(), info?.cpus || Infinity),
    memory: Math.min(totalmem(), constrained, info?.memory || Infinity),
  };
}

async function freeDisk(paths: (string | undefined)[]): Promise<HostFacts['freeDisk']> {
  const found = [];
  for (const path of paths) {
    // an engine elsewhere, or a folder not made yet: nothing to say of it
    const fs = path ? await statfs(path).catch(() => null) : null;
    if (path && fs) found.push({ path, bytes: fs.bavail * fs.bsize });
  }
  return found;
}

const bootId = async (): Promise<string> => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
