/**
 * One of the processes that race for a GPU (claims-race.test.ts): does with the daemon's own claims what a daemon does with a run, and tells on stdout how far it
 * is. Arguments: the installation, the engine. Each line on stdin is an order.
 */
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { createClaims } from '../../../../daemon/control/claims/claims.ts';
import { bareContainer } from '../../../../daemon/engine/bare-container.ts';
import { createDockerEngine } from '../../../../daemon/engine/docker.ts';
import { EngineError, labels, type ContainerSpec } from '../../../../daemon/engine/engine.ts';

export type Stage = 'taken' | 'created' | 'confirmed';
export type Order =
  /** tries to get the GPU until it has it, or is told to stop; `dies`: kills itself as soon as it is so far; `starts`: really starts the container */
  | { do: 'race'; round: number; gpu: string; dies: Stage | null; starts: boolean }
  /** gives up, or ends what it has got */
  | { do: 'stop' };
export type Said = { said: 'lost' | 'won' | 'stopped'; round: number };

const [installation = '', endpoint = ''] = process.argv.slice(2);
const engine = createDockerEngine({ endpoint, installation });
const nobodyListens = { info: () => undefined, warn: () => undefined };
const claims = createClaims({ engine, installation, user: installation, claimTimeout: () => 0.3, logger: nobodyListens });

const container = (round: number, gpu: string): ContainerSpec => ({
  ...bareContainer({
    name: `dstack-${installation}-race-${round}`,
    labels: { [labels.kind]: 'job', [labels.gpus]: gpu, [labels.run]: `race-${round}`, [labels.user]: installation },
    image: 'dstack-test/tiny:1',
    entrypoint: ['sleep', '60'],
  }),
  network: 'none',
});

/** the round under way */
const current = { round: 0, stopped: true };
const say = (said: Said['said'], round: number): void => void process.stdout.write(`${JSON.stringify({ said, round } satisfies Said)}\n`);

/** One try; whether it has the GPU now. */
async function attempt({ round, gpu, dies, starts }: Order & { do: 'race' }): Promise<boolean> {
  const dieAt = (stage: Stage): void => {
    if (dies === stage) process.kill(process.pid, 'SIGKILL');
  };
  // as the scheduler does before it places a run; without, all depends on what comes now
  if (!starts && (await claims.others()).has(gpu)) return false;
  if (!(await claims.take([gpu], 'dstack-test/tiny:1')).ok) return false;
  dieAt('taken');
  const { id } = await engine.create(container(round, gpu));
  dieAt('created');
  const confirmed = await claims.confirm([gpu], id);
  if (!confirmed.ok) {
    await engine.remove(id, false);
    return false;
  }
  dieAt('confirmed');
  try {
    if (starts) await engine.start(id);
    return true;
  } catch (error) {
    // pruned
    if (error instanceof EngineError && error.kind === 'not_found') return false;
    throw error;
  }
}

async function race(order: Order & { do: 'race' }): Promise<void> {
  Object.assign(current, { round: order.round, stopped: false });
  while (!current.stopped) {
    if (await attempt(order)) return say('won', order.round);
    await claims.reconcile(new Set());
    say('lost', order.round);
    await pause(5 + Math.random() * 20);
  }
}

let racing = Promise.resolve();
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order;
  if (order.do === 'race') {
    racing = race(order);
    continue;
  }
  current.stopped = true;
  await racing;
  await engine.remove(`dstack-${installation}-race-${current.round}`, true);
  await claims.reconcile(new Set());
  say('stopped', current.round);
}
