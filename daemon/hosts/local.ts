import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { defaultConfig } from '../../shared/config-file.ts';
import type { Config } from '../../shared/config.ts';
import type { Engine, EngineInfo } from '../engine/engine.ts';
import { cached } from './cached.ts';
import { createGpuProbe } from './gpu-probe.ts';
import type { GpuState } from './gpu-probe.ts';
import type { Host, HostFacts } from './host.ts';
import { keptReading } from './kept-reading.ts';
import { rememberedGpus } from './remembered-gpus.ts';
import { attachMethod, toolkitPlaces } from './toolkit.ts';
import type { ToolkitPlaces } from './toolkit.ts';

export interface LocalHostOptions {
  home: string;
  engine: Engine;
  /** how containers get their GPUs and how often nvidia-smi is asked (seconds), as configured now */
  config?(): Config['gpus'];
  /** new readings of the GPUs are there, which nobody waited for */
  onGpus?(): void;
  /** path of nvidia-smi, for tests */
  nvidiaSmi?: string;
  /** milliseconds that nvidia-smi may take */
  nvidiaSmiLimitMs?: number;
  places?: ToolkitPlaces;
  now?(): number;
}

/** Milliseconds for which the last reading of the GPUs is good enough to be answered at once. */
const gpusFor = 60_000;
const restFor = 1_000;
/** The same for what the engine says of its machine, which costs it 6 ms and changes only when it is set up anew. */
const infoFor = 30_000;
/** Before they are read for the first time. */
const noGpus: GpuState = { gpus: [], readAt: null, staleSince: null, problem: null };

/** The machine that the daemon runs on. Nothing is asked before the first `facts`. */
export function createLocalHost(options: LocalHostOptions): Host {
  const { home, engine, nvidiaSmi = 'nvidia-smi', nvidiaSmiLimitMs = 10_000, places = toolkitPlaces(), now = Date.now } = options;
  const config = options.config ?? (() => defaultConfig().gpus);
  const remembered = rememberedGpus(join(home, 'gpus.json'));
  const gpus = keptReading({
    read: createGpuProbe({ nvidiaSmi, limitMs: nvidiaSmiLimitMs, now, remembered }),
    staleAfter: () => config().readEvery * 1000,
    uselessAfter: gpusFor,
    now,
    ...(options.onGpus && { onRead: options.onGpus }),
  });
  /** Of an earlier daemon, as long as this one has read none. */
  const fromBefore = async (): Promise<GpuState> => {
    const found = await remembered.read();
    return found ? { ...noGpus, gpus: found.gpus, staleSince: found.at } : noGpus;
  };
  const engineInfo = cached(() => engine.info(), infoFor, now);
  const rest = cached(
    async () => {
      const info = await engineInfo(false).catch(() => null);
      return { info, ...sizes(info), freeDisk: await freeDisk([home, info?.rootDir]), bootId: await bootId() };
    },
    restFor,
    now,
  );

  return {
    name: 'local',
    async facts({ fresh = false, anyGpus = false, recentGpus = false } = {}): Promise<HostFacts> {
      const asked = anyGpus ? (gpus.known() ?? fromBefore()) : recentGpus && !fresh ? gpus.recent() : gpus.ask(fresh);
      if (fresh) await engineInfo(true).catch(() => null);
      const [{ info, ...others }, state] = await Promise.all([rest(fresh), asked]);
      return {
        name: 'local',
        reachable: true,
        ...others,
        gpus: state.gpus,
        gpusReadAt: state.readAt,
        gpusStaleSince: state.staleSince,
        gpuProblem: await gpuProblem(state, info),
      };
    },
  };

  async function gpuProblem({ problem, gpus: found }: GpuState, info: EngineInfo | null): Promise<string | null> {
    if (problem || found.length === 0 || !info) return problem;
    const attach = await attachMethod(info, places, config().attach);
    return attach.method === null ? attach.why : null;
  }
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
