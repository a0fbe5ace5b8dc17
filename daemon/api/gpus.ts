import { z } from 'zod';
import type { GpuInfo } from '../../shared/api.ts';
import { ok } from '../../shared/result.ts';
import { EngineError } from '../engine/engine.ts';
import type { HostFacts } from '../hosts/host.ts';
import { nvidiaCards } from '../hosts/pci.ts';
import type { ApiParts, JsonHandler } from './handler.ts';
import { flag } from './params.ts';

/** Every GPU, who has it, and why one that nobody has is not handed out. */
export const gpus: JsonHandler<'gpus'> = {
  params: z.object({ fresh: flag }),
  answer: async (api, { fresh = false }) => {
    if (fresh) {
      // somebody looks after them: what was kept back gets another chance
      api.parts.gpus.suspects.clear();
      api.control.reschedule();
    }
    const facts = await api.host.facts({ fresh, recentGpus: true });
    if (facts.gpus.length === 0) return ok({ gpus: [], problem: facts.gpuProblem ?? (await whyNone()) });
    const use = await useOf(api);
    const staleSince = facts.gpusStaleSince === null ? null : new Date(facts.gpusStaleSince).toISOString();
    return ok({ gpus: facts.gpus.map((gpu) => info(gpu, facts.name, use, staleSince)), problem: facts.gpuProblem ?? use.problem });
  },
};

interface Use {
  holders: Awaited<ReturnType<ApiParts['control']['holders']>>;
  /** UUID → why it is not handed out */
  busy: ReadonlyMap<string, string | null>;
  /** containers of runs */
  containers: ReadonlySet<string>;
  problem: string | null;
}

/** As the scheduler sees it. An engine that does not answer leaves what nvidia-smi says. */
async function useOf({ control, parts }: ApiParts): Promise<Use> {
  try {
    const [holders, busy, containers] = await Promise.all([control.holders(), control.gpuStates(), parts.claims.containers()]);
    return { holders, busy, containers, problem: null };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const problem = `Who has which GPU is not known: ${error.message}; see: dstack doctor`;
    return { holders: new Map(), busy: new Map(), containers: new Set(), problem };
  }
}

function info(gpu: HostFacts['gpus'][number], host: string, use: Use, staleSince: string | null): GpuInfo {
  const { minor: _, problem, processes, ...rest } = gpu;
  const holder = use.holders.get(gpu.uuid) ?? null;
  return {
    host,
    ...rest,
    holder,
    busy: problem ?? (holder === null ? (use.busy.get(gpu.uuid) ?? null) : null),
    processes: processes
      .filter(({ container }) => container === null || !use.containers.has(container))
      .map(({ pid, name, user, memory }) => ({ pid, name, user, memory })),
    staleSince,
  };
}

const whyNone = async (): Promise<string> =>
  (await nvidiaCards()) > 0
    ? 'There is an NVIDIA GPU in this machine, but no driver for it; see: dstack doctor'
    : 'There is no NVIDIA GPU in this machine.';
