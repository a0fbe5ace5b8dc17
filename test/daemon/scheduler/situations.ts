/** Short ways to say what the scheduler is given. Times in ms, sizes in GB. */
import { decide } from '../../../daemon/scheduler/decide.ts';
import type { Decision, HostGpu, HostState, Running, Situation, Waiting } from '../../../daemon/scheduler/model.ts';
import type { GpuRequest } from '../../../shared/workflow/model.ts';

export const GB = 1e9;
export const now = 1_000_000;

export const gpu = (uuid: string, over: Partial<Omit<HostGpu, 'memory'>> & { memory?: number | null } = {}): HostGpu => ({
  uuid,
  name: 'NVIDIA A100-SXM4-80GB',
  busy: null,
  never: false,
  ...over,
  memory: over.memory === null ? null : (over.memory ?? 80) * GB,
});

export const host = (name: string, gpus: readonly HostGpu[] = [], over: Partial<HostState> = {}): HostState => ({
  name,
  cpus: 8,
  memory: 32 * GB,
  gpus,
  blocked: null,
  ...over,
});

/** A host with so many GPUs of one kind, `gpu1-0` and so on. */
export const hostWith = (name: string, count: number, over: { name?: string; memory?: number; cpus?: number } = {}): HostState =>
  host(
    name,
    [...Array(count).keys()].map((i) =>
      gpu(`${name}-${i}`, { ...(over.name && { name: over.name }), ...(over.memory && { memory: over.memory }) }),
    ),
    { cpus: over.cpus ?? 8 },
  );

type Asked = { cpu?: number; memory?: number; gpu?: number | Partial<GpuRequest> };
export const job = ({ cpu, memory, gpu: asked }: Asked, id = '0'): Waiting['jobs'][number] => ({
  id,
  cpu: cpu ?? null,
  memory: memory === undefined ? null : memory * GB,
  gpu: asked === undefined ? null : { count: 1, name: null, memory: null, ...(typeof asked === 'number' ? { count: asked } : asked) },
});

type WaitingOver = Partial<Omit<Waiting, 'jobs'>> & Asked & { nodes?: number; jobs?: Waiting['jobs'] };
/** A run `id` that waits, named `run-id`; by default of ann, and the older the smaller the number. */
export const waiting = (id: string, { cpu, memory, gpu: asked, nodes = 1, ...over }: WaitingOver = {}): Waiting => ({
  id,
  run: `run-${id}`,
  user: 'ann',
  priority: 0,
  submittedAt: Number(id),
  interruptible: false,
  preempted: false,
  notBefore: null,
  maxDuration: null,
  avoid: new Map(),
  jobs: [...Array(nodes).keys()].map((n) =>
    job(
      { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }), ...(asked !== undefined && { gpu: asked }) },
      String(n),
    ),
  ),
  ...over,
});

type Held = { host?: string; cpu?: number; memory?: number; gpus?: readonly string[] };
/** A run that has hosts, named as its id. */
export const running = (id: string, held: Held | Held[], over: Partial<Omit<Running, 'jobs'>> = {}): Running => ({
  id,
  run: id,
  user: 'bob',
  interruptible: false,
  startedAt: 1,
  endsAt: null,
  stopping: false,
  ...over,
  jobs: [held]
    .flat()
    .map((one) => ({ host: one.host ?? 'local', cpu: one.cpu ?? 0, memory: (one.memory ?? 0) * GB, gpus: one.gpus ?? [] })),
});

export const situation = (over: Partial<Situation>): Situation => ({
  now,
  waiting: [],
  running: [],
  hosts: [],
  usage: new Map(),
  limits: () => ({ gpus: null, runs: null }),
  ...over,
});

export const decided = (over: Partial<Situation>): Decision => decide(situation(over));

/** `1 on gpu1: a b`, a line for each job that starts */
export const started = (decision: Decision): string[] =>
  decision.placements.flatMap(({ id, jobs }) =>
    jobs.map(({ host: on, gpus }) => `${id} on ${on}${gpus.length > 0 ? `: ${gpus.join(' ')}` : ''}`),
  );

/** `1: why`, the next first */
export const reasons = (decision: Decision): string[] => decision.order.map((id) => `${id}: ${decision.reason(id)}`);

/** `v for 1` */
export const interrupted = (decision: Decision): string[] => decision.preemptions.map((one) => `${one.id} for ${one.for}`);
