/** Situations that can be: several small hosts, runs that hold what they can hold, and a queue of all sorts. */
import fc from 'fast-check';
import { matches } from '../../../daemon/scheduler/match.ts';
import type { HostState, Running, Situation, Waiting } from '../../../daemon/scheduler/model.ts';
import { GB, host, now, situation, waiting } from './situations.ts';

const kinds = [
  { name: 'NVIDIA T4', memory: 16 * GB },
  { name: 'NVIDIA A100-40', memory: 40 * GB },
  { name: 'NVIDIA A100-80', memory: 80 * GB },
  { name: 'Odd', memory: null },
] as const;

export interface Options {
  users: readonly string[];
  limits: boolean;
  /** whether runs that hold hosts and runs that wait may be interruptible, and some being stopped */
  interruptible: 'none' | 'running' | 'all';
  gangs: boolean;
  most: number;
}

const gpuArb = fc.record({ kind: fc.constantFrom(...kinds), busy: fc.integer({ min: 0, max: 9 }) });
const hostArb = fc.record({
  cpus: fc.integer({ min: 1, max: 8 }),
  memory: fc.integer({ min: 1, max: 8 }),
  gpus: fc.oneof(
    fc.array(gpuArb, { maxLength: 4 }),
    // most hosts have GPUs of one kind
    fc
      .record({ one: gpuArb, count: fc.integer({ min: 1, max: 4 }) })
      .map(({ one, count }) => Array(count).fill(one) as { kind: (typeof kinds)[number]; busy: number }[]),
  ),
  blocked: fc.integer({ min: 0, max: 7 }),
});

const hostsArb = fc.array(hostArb, { minLength: 1, maxLength: 4 }).map((list) =>
  list.map((one, h): HostState =>
    host(
      `h${h}`,
      one.gpus.map(({ kind, busy }, g) => ({
        uuid: `h${h}-${g}`,
        ...kind,
        busy: busy === 1 ? 'is used by process 1 (x)' : null,
        never: busy === 0,
      })),
      { cpus: one.cpus, memory: one.memory * GB, blocked: one.blocked === 0 ? 'it is unreachable' : null },
    ),
  ),
);

const askArb = fc.record({
  cpu: fc.option(fc.integer({ min: 1, max: 6 })),
  memory: fc.option(fc.integer({ min: 1, max: 6 })),
  gpu: fc.option(
    fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      name: fc.option(fc.constantFrom('a100', 'T4', 'H100'), { freq: 2 }),
      memory: fc.option(fc.constantFrom(16 * GB, 60 * GB), { freq: 1 }),
    }),
    { freq: 4 },
  ),
});

const waitingArb = (options: Options) =>
  fc.record({
    ask: askArb,
    nodes: options.gangs ? fc.constantFrom(1, 1, 1, 2, 3) : fc.constant(1),
    user: fc.constantFrom(...options.users),
    priority: fc.constantFrom(0, 0, 0, 1),
    submittedAt: fc.integer({ min: 0, max: 20 }),
    interruptible: options.interruptible === 'all' ? fc.boolean() : fc.constant(false),
    preempted: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    notBefore: fc.constantFrom(null, null, null, now, now + 7),
    maxDuration: fc.option(fc.integer({ min: 1, max: 100 })),
    avoid: fc.integer({ min: 0, max: 20 }),
  });

const runningArb = (options: Options) =>
  fc.record({
    jobs: fc.array(
      fc.record({
        host: fc.nat(3),
        cpu: fc.integer({ min: 0, max: 4 }),
        memory: fc.integer({ min: 0, max: 4 }),
        gpus: fc.integer({ min: 0, max: 3 }),
      }),
      { minLength: 1, maxLength: options.gangs ? 2 : 1 },
    ),
    user: fc.constantFrom(...options.users),
    interruptible: options.interruptible === 'none' ? fc.constant(false) : fc.boolean(),
    stopping: options.interruptible === 'none' ? fc.constant(false) : fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    startedAt: fc.integer({ min: 0, max: 20 }),
    ends: fc.option(fc.integer({ min: 0, max: 100 })),
  });

/** Gives each run what is still there of what it would hold. */
function hold(
  hosts: readonly HostState[],
  wishes: {
    jobs: { host: number; cpu: number; memory: number; gpus: number }[];
    user: string;
    interruptible: boolean;
    stopping: boolean;
    startedAt: number;
    ends: number | null;
  }[],
): Running[] {
  const left = hosts.map((one) => ({
    cpu: one.cpus,
    memory: one.memory,
    gpus: one.gpus.filter((gpu) => gpu.busy === null && !gpu.never).map((gpu) => gpu.uuid),
  }));
  return wishes.map(({ jobs, ends, ...run }, i) => ({
    id: `r${i}`,
    run: `r${i}`,
    ...run,
    endsAt: ends === null ? null : now + ends,
    jobs: jobs.map(({ host: wished, cpu, memory, gpus }) => {
      const number = wished % hosts.length;
      const there = left[number]!;
      const held = {
        host: hosts[number]!.name,
        cpu: Math.min(cpu, there.cpu),
        memory: Math.min(memory * GB, there.memory),
        gpus: there.gpus.splice(0, gpus),
      };
      there.cpu -= held.cpu;
      there.memory -= held.memory;
      return held;
    }),
  }));
}

export const situations = (over: Partial<Options> = {}): fc.Arbitrary<Situation> => {
  const options: Options = { users: ['ann', 'bob'], limits: true, interruptible: 'all', gangs: true, most: 8, ...over };
  return fc
    .record({
      hosts: hostsArb,
      wishes: fc.array(runningArb(options), { maxLength: 8 }),
      queue: fc.array(waitingArb(options), { minLength: 1, maxLength: options.most }),
      usage: fc.integer({ min: 0, max: 1000 }),
      limits: options.limits
        ? fc.record({ gpus: fc.option(fc.integer({ min: 0, max: 6 })), runs: fc.option(fc.integer({ min: 1, max: 4 })) })
        : fc.constant({ gpus: null, runs: null }),
    })
    .map(({ hosts, wishes, queue, usage, limits }) =>
      situation({
        hosts,
        running: hold(hosts, wishes),
        usage: new Map([['ann', usage]]),
        limits: (user) => (user === 'ann' ? limits : { gpus: null, runs: null }),
        waiting: queue.map(({ ask, nodes, avoid, ...rest }, i): Waiting => {
          const jobs = [...Array(nodes).keys()].map((n) => ({
            id: String(n),
            cpu: ask.cpu,
            memory: ask.memory === null ? null : ask.memory * GB,
            gpu: ask.gpu,
          }));
          return {
            ...waiting(String(i)),
            ...rest,
            jobs,
            avoid: avoid < hosts.length ? new Map([[`h${avoid}`, 'it gave it other GPUs']]) : new Map(),
          };
        }),
      }),
    );
};

/** What hosts have to give, by counting: the tests' own idea of what fits. */
export interface Ledger {
  hosts: { state: HostState; cpu: number; memory: number; gpus: HostState['gpus'] }[];
}

/** What is there beside the given runs. */
export const ledgerOf = (hosts: readonly HostState[], held: readonly Pick<Running, 'jobs'>[]): Ledger => ({
  hosts: hosts.map((state) => {
    const jobs = held.flatMap((run) => run.jobs).filter((one) => one.host === state.name);
    const taken = new Set(jobs.flatMap((one) => one.gpus));
    return {
      state,
      cpu: state.cpus - jobs.reduce((sum, one) => sum + one.cpu, 0),
      memory: state.memory - jobs.reduce((sum, one) => sum + one.memory, 0),
      gpus: state.gpus.filter((gpu) => gpu.busy === null && !gpu.never && !taken.has(gpu.uuid)),
    };
  }),
});

/** Whether all jobs of the run (which ask for the same) fit at once on open hosts that it does not avoid. */
export function fits(ledger: Ledger, run: Pick<Waiting, 'jobs' | 'avoid'>): boolean {
  const [ask] = run.jobs;
  if (!ask) return true;
  let copies = 0;
  for (const { state, cpu, memory, gpus } of ledger.hosts) {
    if (state.blocked !== null || run.avoid.has(state.name)) continue;
    const want = ask.gpu;
    copies += Math.min(
      run.jobs.length,
      ask.cpu ? Math.floor(cpu / ask.cpu) : Infinity,
      ask.memory ? Math.floor(memory / ask.memory) : Infinity,
      want ? Math.floor(gpus.filter((gpu) => matches(gpu, want)).length / want.count) : Infinity,
    );
  }
  return copies >= run.jobs.length;
}
