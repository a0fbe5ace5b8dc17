/**
 * Loads drawn from published figures: run times lognormal with the medians and means of five clusters (AcmeTrace, NSDI 2024), arrivals
 * evenly at random (Poisson), eight users of whom each submits half as much as the one before. What the summaries do not give is ours:
 * 70 % ask for one GPU, 12 % for 2, 10 % for 4, 6 % for 8, 2 % for two nodes of 4; a fifth name a model and a fifth the least memory of the
 * GPU; every GPU comes with 8 cores and 32 GB.
 */
import type { HostState } from '../../../daemon/scheduler/model.ts';
import { declareBounds } from './bounds.ts';
import { offeredLoad, scaleArrivals } from './load.ts';
import { gpusIn, type Scenario, type Task } from './model.ts';
import { createRandom, type Random } from './random.ts';
import { emptyRooms, fits } from './rooms.ts';
import { describePool } from './sample.ts';

/** μ and σ of the run time in seconds, and the longest seen. */
export const clusters = {
  philly: { mu: 6.77, sigma: 2.46, longest: 4_240_676 },
  helios: { mu: 5.33, sigma: 2.64, longest: 4_320_009 },
  pai: { mu: 6.18, sigma: 2.14, longest: 626_371 },
  seren: { mu: 4.8, sigma: 2.21, longest: 1_209_604 },
  kalos: { mu: 4.82, sigma: 2.15, longest: 625_740 },
};
export type Cluster = keyof typeof clusters;

const users = Array.from({ length: 8 }, (_, index) => [`user-${index + 1}`, 0.5 ** index] as const);
const nodes: readonly (readonly [[nodes: number, gpus: number], number])[] = [
  [[1, 1], 70],
  [[1, 2], 12],
  [[1, 4], 10],
  [[1, 8], 6],
  [[2, 4], 2],
];

export const source = 'run times lognormal as in the cluster summary of AcmeTrace (NSDI 2024; CC-BY-4.0)';

export interface GeneratedOptions {
  cluster: Cluster;
  hosts: readonly HostState[];
  runs: number;
  load: number;
  maxDuration: boolean;
  /** 0 to 1 */
  interruptible: number;
  seed: number;
}

export function generate(options: GeneratedOptions): Scenario {
  const { cluster, hosts, runs, load, seed } = options;
  const random = createRandom(seed);
  const empty = emptyRooms(hosts);
  const drawn = Array.from({ length: runs }, (_, index) => draw(index, options, random)).filter((task) => fits(empty, task));
  const tasks = drawn.toSorted((a, b) => a.arrives - b.arrives);
  const start = tasks[0]?.arrives ?? 0;
  const scaled = scaleArrivals(
    tasks.map((task) => ({ ...task, arrives: task.arrives - start })),
    hosts,
    load,
  ).tasks;
  return {
    title: `generated as ${cluster}, ${hosts.length} hosts, ${options.maxDuration ? 'with' : 'without'} max_duration`,
    hosts,
    tasks: options.maxDuration ? declareBounds(scaled, random) : scaled,
    notes: [
      `Seed ${seed}: ${describePool(hosts)}: ${gpusIn(hosts)} GPUs. ${tasks.length} runs of ${users.length} users (left out: ${runs - tasks.length} ` +
        `that fit none of these hosts). Offered GPU load ${offeredLoad(scaled, hosts).toFixed(3)}.`,
    ],
  };
}

function draw(index: number, { cluster, hosts, interruptible }: GeneratedOptions, random: Random): Task {
  const { mu, sigma, longest } = clusters[cluster];
  const [count, gpus] = random.pick(nodes);
  const some = hosts[Math.floor(random.next() * hosts.length)]?.gpus[0];
  const constraint = random.next();
  const gpu = {
    count: gpus,
    name: constraint < 0.2 ? (some?.name.split(' ').at(-1) ?? null) : null,
    memory: constraint >= 0.2 && constraint < 0.4 ? (some?.memory ?? null) : null,
  };
  return {
    id: `run-${String(index).padStart(6, '0')}`,
    user: random.pick(users),
    priority: 0,
    // milliseconds of an imaginary week; the load decides how long it really is
    arrives: Math.floor(random.next() * 604_800_000),
    runs: Math.max(1000, Math.round(1000 * Math.min(longest, Math.exp(mu + sigma * random.normal())))),
    bound: null,
    interruptible: random.next() < interruptible,
    jobs: Array.from({ length: count }, (_, job) => ({ id: String(job), cpu: gpus * 8, memory: gpus * 32e9, gpu })),
  };
}
