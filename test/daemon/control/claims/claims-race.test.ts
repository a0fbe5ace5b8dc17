/**
 * Two daemons that know nothing of each other want one GPU of one engine, 500 times: processes with the daemon's own claims, some killed on the way, and
 * somebody who prunes containers all the while. One gets it each time, never two, and it is free afterwards.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { labels } from '../../../../daemon/engine/engine.ts';
import { engineJson, engineRequest, filters } from '../../../support/engine-api.ts';
import { waitFor } from '../../../support/wait-for.ts';
import type { Order, Said, Stage } from './claimer.ts';

const host = process.env['DOCKER_HOST'] ?? '';
const node = join(import.meta.dirname, '../../../../node_modules/.bin/node');
const running = new Set<ChildProcess>();

/** A claimer's installation; after the death of its process start() makes the next one of it. */
class Claimer {
  readonly installation = `t${randomBytes(4).toString('hex')}`;
  said: Said[] = [];
  #child: ChildProcess | null = null;

  start(): void {
    const child = spawn(node, [join(import.meta.dirname, 'claimer.ts'), this.installation, host], { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: child.stdout }).on('line', (line) => this.said.push(JSON.parse(line) as Said));
    child.on('exit', () => running.delete(child));
    child.stdin.on('error', () => undefined); // it may be dead
    running.add(child);
    this.#child = child;
  }

  get alive(): boolean {
    return this.#child !== null && running.has(this.#child);
  }

  order(order: Order): void {
    this.#child?.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** how often it has said that in the round */
  count(said: Said['said'], round: number): number {
    return this.said.filter((one) => one.round === round && one.said === said).length;
  }

  async stop(round: number): Promise<void> {
    const before = this.count('stopped', round);
    this.order({ do: 'stop' });
    await waitFor(() => this.count('stopped', round) > before, `${this.installation} to stop`);
    this.said = [];
  }
}

interface Round {
  /** the first of the two dies so far on its way */
  dies: Stage | null;
  /** somebody prunes meanwhile */
  prunes: boolean;
}

/** Everything on the engine that has the GPU. */
const withGpu = (gpu: string): Promise<{ Id: string; State: string; Labels: Record<string, string> }[]> =>
  engineJson(host, `/containers/json?all=1&${filters({ label: [`${labels.gpus}=${gpu}`] })}`);

/** Answers whether one of them died. */
async function race(round: number, gpu: string, [a, b]: [Claimer, Claimer], { dies, prunes }: Round): Promise<boolean> {
  const order: Order = { do: 'race', round, gpu, dies: null, starts: prunes };
  a.order({ ...order, dies });
  b.order(order);
  const pruning = new AbortController();
  const pruned = prunes ? prune(gpu, pruning.signal) : Promise.resolve();
  const wins = (): number => a.count('won', round) + b.count('won', round);
  const died = dies !== null && (await afterDeath(round, gpu, [a, b], dies));
  await waitFor(() => wins() > 0, `somebody to win round ${round}`, { seconds: 60, every: 5 });
  const [winner, loser] = a.count('won', round) > 0 ? [a, b] : [b, a];
  // the other one tries on, and gets nothing
  const lost = loser.count('lost', round);
  await waitFor(() => loser.count('lost', round) > lost + 1 || wins() > 1, `the other to lose round ${round}`, { every: 5 });
  expect(wins()).toBe(1);
  pruning.abort();
  await pruned;
  await loser.stop(round);
  await winner.stop(round);
  // what somebody's prune is still taking away has nothing to say any more
  expect((await withGpu(gpu)).filter(({ State }) => State !== 'removing')).toEqual([]);
  return died;
}

/** What the death of `a` leaves, and who may have the GPU after; false: it lost before it got so far, and lives. */
async function afterDeath(round: number, gpu: string, [a, b]: [Claimer, Claimer], stage: Stage): Promise<boolean> {
  await waitFor(() => !a.alive || b.count('won', round) > 0, `the death in round ${round}`, { every: 5 });
  if (a.alive) return false;
  const left = (await withGpu(gpu)).filter(
    (one) => one.Labels[labels.installation] === a.installation && one.Labels[labels.kind] === 'job',
  );
  if (stage !== 'taken') {
    // as long as its container is there, the claim stands, however often the other one looks
    expect(left).toHaveLength(1);
    const lost = b.count('lost', round);
    await waitFor(() => b.count('lost', round) > lost + 30, `the other to wait in round ${round}`, { every: 5 });
    expect(b.count('won', round)).toBe(0);
  }
  if (stage === 'confirmed') {
    // nobody will come back for it
    await engineRequest(host, 'DELETE', `/containers/${left[0]?.Id}`);
    await waitFor(() => b.count('won', round) > 0, `the claim to be cleared in round ${round}`);
  }
  a.start();
  a.order({ do: 'race', round, gpu, dies: null, starts: false });
  return true;
}

/** `docker container prune`, of what has this GPU only: the engine belongs to others too. */
async function prune(gpu: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await engineRequest(host, 'POST', `/containers/prune?${filters({ label: [`${labels.gpus}=${gpu}`] })}`, { expected: [409] });
  }
}

/** So many races one after the other, each pair of processes for itself. */
const lanes = 4;
const racesOfLane = 125;

const roundOf = (n: number): Round => ({
  dies: n % 12 === 3 ? (['taken', 'created', 'confirmed'] as const)[Math.floor(n / 12) % 3]! : null,
  prunes: n % 12 === 7,
});

describe(`${lanes * racesOfLane} races of two daemons for one GPU`, () => {
  const everybody: Claimer[] = [];
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL');
    for (const { installation } of everybody) {
      const left = await engineJson<{ Id: string }[]>(
        host,
        `/containers/json?all=1&${filters({ label: [`${labels.installation}=${installation}`] })}`,
      );
      for (const one of left) await engineRequest(host, 'DELETE', `/containers/${one.Id}?force=1`, { expected: [404, 409] });
    }
  });

  test.concurrent.for(Array.from({ length: lanes }, (_, lane) => lane))('lane %i', { timeout: 400_000 }, async (lane) => {
    const pair: [Claimer, Claimer] = [new Claimer(), new Claimer()];
    everybody.push(...pair);
    for (const claimer of pair) claimer.start();
    const gpu = `GPU-race-${lane}-${randomBytes(8).toString('hex')}`;
    let deaths = 0;
    for (let n = 0; n < racesOfLane; n++) if (await race(n, gpu, n % 2 === 0 ? pair : [pair[1], pair[0]], roundOf(n))) deaths++;
    expect(deaths).toBeGreaterThan(0);
  });
});
