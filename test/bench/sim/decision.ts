/**
 * `node test/bench/sim/decision.ts`: how long one decision takes with 10,000 waiting runs on 1,000 hosts of 8 GPUs. Beside it, in the same
 * run, the least that any scheduler has to do: sort the queue, and look once at every GPU of every host and every run that holds some.
 */
import { decide } from '../../../daemon/scheduler/decide.ts';
import type { Running, Situation, Waiting } from '../../../daemon/scheduler/model.ts';
import { median } from '../measure.ts';
import { parsePool } from './pool-spec.ts';
import { createRandom } from './random.ts';

const limit = 50;
const rounds = 15;
/** the first ones are the compiler's */
const warmUp = 5;
const count = { waiting: 10_000, hosts: 1000 };
const hour = 3_600_000;

if (process.argv.includes('--help')) {
  console.log('node test/bench/sim/decision.ts: one decision with 10,000 waiting runs on 1,000 hosts × 8 GPUs, and its ratio to a peer.');
} else {
  console.log(
    `one decision, ${count.waiting} waiting runs, ${count.hosts} hosts × 8 GPUs; mean of ${rounds}, at most ${limit} ms of processor time`,
  );
  let missed = false;
  for (const pool of ['busy', 'half-free', 'free'] as const) {
    for (const requests of ['equal', 'mixed', 'all different'] as const) {
      for (const maxDuration of [false, true]) {
        const situation = makeSituation(pool, requests, maxDuration);
        const [took, peer] = [timesOf(rounds, () => decide(situation)), timesOf(10 * rounds, () => leastWork(situation))];
        const started = decide(situation).placements.length;
        if (took.cpu > limit) missed = true;
        const name = `${pool} pool, ${requests} requests, ${maxDuration ? 'with' : 'without'} max_duration`;
        const shown = [took.cpu, median(took.wall), Math.max(...took.wall)].map((ms) => ms.toFixed(1).padStart(6));
        const ratio = (took.cpu / peer.cpu).toFixed(1).padStart(5);
        console.log(
          `${name.padEnd(60)}${shown[0]} ms; by the clock median ${shown[1]}, longest ${shown[2]}; ${ratio} × the peer; ${started} start`,
        );
      }
    }
  }
  process.exitCode = missed ? 1 : 0;
}

/**
 * ms: processor time of this thread, which other programs don't lengthen, and time by the clock. The kernel may count the former in ticks of
 * 10 ms, so it is the mean of all rounds, and the rounds are many enough that they matter little.
 */
function timesOf(rounds: number, work: () => unknown): { cpu: number; wall: number[] } {
  for (let round = 0; round < warmUp; round++) work();
  const begun = process.threadCpuUsage();
  const wall = Array.from({ length: rounds }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  const { user, system } = process.threadCpuUsage(begun);
  return { cpu: (user + system) / 1000 / rounds, wall };
}

function makeSituation(
  pool: 'busy' | 'half-free' | 'free',
  requests: 'equal' | 'mixed' | 'all different',
  maxDuration: boolean,
): Situation {
  const random = createRandom(1);
  const hosts = parsePool(`${count.hosts / 2}x8xA100:80GB,${count.hosts / 4}x8xH100:80GB,${count.hosts / 4}x8xT4:16GB`)!;
  const now = 1000 * hour;
  const bound = () => (maxDuration ? Math.ceil(random.next() * 48) * hour : null);
  const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
  const share = { busy: 1, 'half-free': 0.5, free: 0 }[pool];
  const running = hosts.flatMap((host): Running[] =>
    host.gpus.slice(0, Math.round(host.gpus.length * share)).map(({ uuid }) => ({
      id: `r-${uuid}`,
      run: `r-${uuid}`,
      user: users[Math.floor(random.next() * users.length)]!,
      interruptible: random.next() < 0.1,
      startedAt: now - Math.ceil(random.next() * 10) * hour,
      endsAt: maxDuration ? now + Math.ceil(random.next() * 48) * hour : null,
      stopping: false,
      jobs: [{ host: host.name, cpu: 8, memory: 32e9, gpus: [uuid] }],
    })),
  );
  const waiting = Array.from({ length: count.waiting }, (_, index): Waiting => {
    const gpus =
      requests === 'equal'
        ? 1
        : random.pick([
            [1, 70],
            [2, 12],
            [4, 10],
            [8, 8],
          ] as const);
    const name =
      requests === 'equal'
        ? null
        : random.pick([
            [null, 60],
            ['A100', 20],
            ['H100', 10],
            ['T4', 10],
          ] as const);
    const odd = requests === 'all different' ? index : 0;
    return {
      id: `w-${index}`,
      run: `w-${index}`,
      user: users[Math.floor(random.next() * users.length)]!,
      priority: Math.floor(random.next() * 3),
      submittedAt: now - index,
      interruptible: random.next() < 0.1,
      preempted: false,
      notBefore: null,
      maxDuration: bound(),
      jobs: [{ id: '0', cpu: gpus * 8, memory: gpus * 32e9 + odd * 1e4, gpu: { count: gpus, name, memory: null } }],
      avoid: new Map(),
    };
  });
  return {
    now,
    waiting,
    running,
    hosts,
    usage: new Map(users.map((user, index) => [user, index * 1e5])),
    limits: () => ({ gpus: null, runs: null }),
  };
}

/** The peer. */
function leastWork({ waiting, hosts, running }: Situation): number {
  const queue = waiting.toSorted((a, b) => b.priority - a.priority || a.submittedAt - b.submittedAt || (a.id < b.id ? -1 : 1));
  const held = new Set<string>();
  for (const run of running) for (const job of run.jobs) for (const gpu of job.gpus) held.add(gpu);
  let free = 0;
  for (const host of hosts) for (const gpu of host.gpus) if (!held.has(gpu.uuid)) free++;
  return free + queue.length;
}
