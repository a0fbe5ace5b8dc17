/** Claims on a real engine, by installations that know nothing of each other; every test has a GPU of its own name. */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { claimName } from '../../../../daemon/control/claims/claim-rules.ts';
import { createClaims, type Claims } from '../../../../daemon/control/claims/claims.ts';
import { labels, type ContainerSpec, type Engine } from '../../../../daemon/engine/engine.ts';
import { testContainers, type TestContainers } from '../../../support/containers.ts';
import { engineRequest, filters } from '../../../support/engine-api.ts';
import { tinyImage } from '../../../support/tiny-image.ts';

interface Daemon extends TestContainers {
  claims: Claims;
  /** methods of the engine that the claims have called, in order */
  calls: string[];
  /** makes a job's container with these GPUs; its id */
  job(gpus: string[], start?: 'start'): Promise<string>;
  /** the same installation in another process */
  again(): Claims;
}

let clock = 0;
let daemons: Daemon[] = [];
const timeout = 60;

afterEach(async () => {
  for (const daemon of daemons) await daemon.clean();
  daemons = [];
});

function newDaemon(user = 'bob'): Daemon {
  const containers = testContainers();
  const { engine, installation } = containers;
  const calls: string[] = [];
  const counted =
    <A extends unknown[], R>(name: string, call: (...args: A) => R) =>
    (...args: A): R => {
      calls.push(name);
      return call(...args);
    };
  const watched: Pick<Engine, 'create' | 'inspect' | 'remove' | 'gpuContainers'> = {
    create: counted('create', engine.create),
    inspect: counted('inspect', engine.inspect),
    remove: counted('remove', engine.remove),
    gpuContainers: counted('gpuContainers', engine.gpuContainers),
  };
  const logger = { info: () => undefined, warn: () => undefined };
  const again = () => createClaims({ engine: watched, installation, user, claimTimeout: () => timeout, logger, now: () => (clock += 200) });
  const daemon: Daemon = {
    ...containers,
    calls,
    again,
    claims: again(),
    async job(gpus, start) {
      const more: Partial<ContainerSpec> = {
        labels: { [labels.kind]: 'job', [labels.gpus]: gpus.join(','), [labels.run]: 'red-fox-1', [labels.user]: user },
        init: false,
      };
      const { id } = await engine.create(containers.spec('sleep 60', more));
      if (start) await engine.start(id);
      return id;
    },
  };
  daemons.push(daemon);
  return daemon;
}

const newGpu = (): string => `GPU-${randomBytes(8).toString('hex')}`;
const { engine } = testContainers();
const claimIsThere = async (gpu: string): Promise<boolean> => (await engine.inspect(claimName(gpu))) !== null;
const seconds = (n: number): void => void (clock += n * 1000);
const nobody = new Set<string>();
/** `docker container prune`, of what has this GPU only: the engine belongs to others too */
const prune = (gpu: string) =>
  engineRequest(process.env['DOCKER_HOST'] ?? '', 'POST', `/containers/prune?${filters({ label: [`${labels.gpus}=${gpu}`] })}`);

describe('a GPU', () => {
  test('is had by one, who is named to the other, and then by the other', async () => {
    const [bob, eve, gpu] = [newDaemon('bob'), newDaemon('eve'), newGpu()];
    expect(await bob.claims.take([gpu], tinyImage)).toEqual({ ok: true });
    expect(await eve.claims.take([gpu], tinyImage)).toEqual({ ok: false, uuid: gpu, holder: 'another dstack daemon, of bob' });
    const id = await bob.job([gpu], 'start');
    expect(await eve.claims.take([gpu], tinyImage)).toMatchObject({ holder: 'the run red-fox-1 of bob (another dstack daemon)' });
    expect((await eve.claims.others()).get(gpu)).toEqual({ run: 'red-fox-1', user: 'bob', installation: bob.installation });
    expect(await eve.claims.containers()).toContain(id);
    expect((await bob.claims.others()).has(gpu)).toBe(false);
    await engine.remove(id, true);
    await bob.claims.reconcile(nobody);
    expect(await eve.claims.take([gpu], tinyImage)).toEqual({ ok: true });
  });

  test('goes from one run to the next of the same daemon without a call', async () => {
    const [bob, gpu] = [newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    bob.calls.length = 0;
    expect(await bob.claims.take([gpu], tinyImage)).toEqual({ ok: true });
    expect(bob.calls).toEqual([]);
  });

  test('is given back when nobody needs it any more', async () => {
    const [bob, gpu, other] = [newDaemon(), newGpu(), newGpu()];
    await bob.claims.take([gpu, other], tinyImage);
    await bob.claims.reconcile(new Set([other]));
    expect([await claimIsThere(gpu), await claimIsThere(other)]).toEqual([false, true]);
  });

  test('is not given back to who decided before it was asked for again', async () => {
    const [bob, gpu] = [newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    const tidying = bob.claims.reconcile(nobody);
    const taken = bob.claims.take([gpu], tinyImage);
    await tidying;
    expect(await taken).toEqual({ ok: true });
    expect(await claimIsThere(gpu)).toBe(true);
  });

  test('is not half taken: of several, those that were won go back', async () => {
    const [bob, eve, first, second] = [newDaemon(), newDaemon(), 'GPU-a', 'GPU-b'].map((one) =>
      typeof one === 'string' ? `${one}${randomBytes(8).toString('hex')}` : one,
    ) as [Daemon, Daemon, string, string];
    await bob.claims.take([second], tinyImage);
    expect(await eve.claims.take([second, first], tinyImage)).toMatchObject({ ok: false, uuid: second });
    expect(await claimIsThere(first)).toBe(false);
  });

  test('behind a container of somebody else with a claim’s name cannot be had, and that is said', async () => {
    const [bob, gpu] = [newDaemon(), newGpu()];
    await bob.engine.create(bob.spec('true', { name: claimName(gpu) }));
    await expect(bob.claims.take([gpu], tinyImage)).rejects.toThrow(`remove it with: docker rm -f ${claimName(gpu)}`);
  });

  test('costs those nothing who have none', async () => {
    const bob = newDaemon();
    await bob.claims.reconcile(nobody);
    expect(bob.calls).toEqual([]);
  });
});

describe('before the start', () => {
  test('one look confirms it', async () => {
    const [bob, gpu] = [newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    const id = await bob.job([gpu]);
    bob.calls.length = 0;
    expect(await bob.claims.confirm([gpu], id)).toEqual({ ok: true });
    expect(bob.calls).toEqual(['gpuContainers']);
  });

  test.each(['created', 'running'])('a %s container of another daemon with it is found, claims or not', async (state) => {
    const [bob, eve, gpu] = [newDaemon('bob'), newDaemon('eve'), newGpu()];
    await bob.job([gpu, newGpu()], state === 'running' ? 'start' : undefined);
    await eve.claims.take([gpu], tinyImage);
    expect(await eve.claims.confirm([gpu], await eve.job([gpu]))).toEqual({
      ok: false,
      uuid: gpu,
      holder: 'the run red-fox-1 of bob (another dstack daemon)',
      ours: false,
    });
    // bob could have it now
    expect(await claimIsThere(gpu)).toBe(false);
  });

  test('one of our own that is on its way out is waited for, with the claim kept', async () => {
    const [bob, gpu] = [newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    await bob.job([gpu], 'start');
    expect(await bob.claims.confirm([gpu], await bob.job([gpu]))).toMatchObject({ ok: false, ours: true });
    expect(await claimIsThere(gpu)).toBe(true);
  });

  test('a container that has ended has nothing any more', async () => {
    const [bob, eve, gpu] = [newDaemon(), newDaemon(), newGpu()];
    const ended = await bob.job([gpu], 'start');
    await bob.engine.kill(ended, 'SIGKILL');
    await bob.engine.wait(ended, new AbortController().signal);
    await eve.claims.take([gpu], tinyImage);
    expect(await eve.claims.confirm([gpu], await eve.job([gpu]))).toEqual({ ok: true });
  });

  test('a claim that another daemon has by now is lost', async () => {
    const [bob, eve, gpu] = [newDaemon('bob'), newDaemon('eve'), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    await prune(gpu);
    await eve.claims.take([gpu], tinyImage);
    expect(await bob.claims.confirm([gpu], await bob.job([gpu]))).toMatchObject({
      ok: false,
      ours: false,
      holder: 'another dstack daemon, of eve',
    });
  });
});

describe('`docker container prune`', () => {
  test('after the claim: it is made again before the start', async () => {
    const [bob, gpu] = [newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    await prune(gpu);
    expect(await bob.claims.confirm([gpu], await bob.job([gpu]))).toEqual({ ok: true });
    expect(await claimIsThere(gpu)).toBe(true);
  });

  test('after the container was made: it cannot be started', async () => {
    const [bob, gpu] = [newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    const id = await bob.job([gpu]);
    await prune(gpu);
    expect(await bob.claims.confirm([gpu], id)).toEqual({ ok: true });
    await expect(bob.engine.start(id)).rejects.toMatchObject({ kind: 'not_found' });
  });

  test('while it runs: the claim is made again, of the image of the container', async () => {
    const [bob, gpu] = [newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    const id = await bob.job([gpu], 'start');
    await prune(gpu);
    expect(await claimIsThere(gpu)).toBe(false);
    // the engine tells
    expect(bob.claims.removed(claimName(gpu))).toBe(true);
    await bob.claims.reconcile(new Set([gpu]));
    expect((await engine.inspect(claimName(gpu)))?.imageId).toBe((await engine.inspect(id))?.imageId);
    // and is still ours to give back
    await bob.claims.reconcile(nobody);
    expect(await claimIsThere(gpu)).toBe(false);
  });

  test('nobody told: it is seen at a later look', async () => {
    const [bob, gpu] = [newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    await bob.job([gpu], 'start');
    await prune(gpu);
    seconds(10);
    await bob.claims.reconcile(new Set([gpu]));
    expect(await claimIsThere(gpu)).toBe(true);
  });

  test('what we gave back ourselves is no loss', async () => {
    const [bob, gpu] = [newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    await bob.claims.reconcile(nobody);
    expect(bob.claims.removed(claimName(gpu))).toBe(false);
  });
});

describe('a daemon that is dead', () => {
  /** Looks often enough for `n` seconds. */
  const lookFor = async (claims: Claims, n: number): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await claims.others();
      seconds(n / 3);
    }
  };

  test('loses a claim without a container after a while', async () => {
    const [bob, eve, gpu] = [newDaemon(), newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    await lookFor(eve.claims, timeout - 10);
    expect((await eve.claims.others()).has(gpu)).toBe(true);
    seconds(20);
    expect((await eve.claims.others()).has(gpu)).toBe(false);
    expect(await claimIsThere(gpu)).toBe(false);
  });

  test.each(['created', 'running'])('keeps one with a %s container, however long', async (state) => {
    const [bob, eve, gpu] = [newDaemon(), newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    const id = await bob.job([gpu], state === 'running' ? 'start' : undefined);
    await lookFor(eve.claims, 1_000 * timeout);
    await lookFor(eve.claims, 1_000 * timeout);
    expect((await eve.claims.others()).has(gpu)).toBe(true);
    expect(await claimIsThere(gpu)).toBe(true);
    // until that is gone, and then a while
    await engine.remove(id, true);
    await lookFor(eve.claims, timeout - 10);
    expect(await claimIsThere(gpu)).toBe(true);
    seconds(20);
    await eve.claims.others();
    expect(await claimIsThere(gpu)).toBe(false);
  });

  test('is asked for what it left when another takes the GPU', async () => {
    const [bob, eve, gpu] = [newDaemon(), newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    await eve.claims.others();
    seconds(timeout / 2);
    await eve.claims.others();
    seconds(timeout);
    expect(await eve.claims.take([gpu], tinyImage)).toEqual({ ok: true });
  });

  test('does not lose what it has made anew meanwhile', async () => {
    const [bob, eve, gpu] = [newDaemon(), newDaemon(), newGpu()];
    await bob.claims.take([gpu], tinyImage);
    await lookFor(eve.claims, timeout - 10);
    await bob.claims.reconcile(nobody);
    await bob.claims.take([gpu], tinyImage);
    seconds(20);
    expect((await eve.claims.others()).has(gpu)).toBe(true);
    expect(await claimIsThere(gpu)).toBe(true);
  });

  test('comes back and knows what it has', async () => {
    const [bob, gpu, unneeded] = [newDaemon(), newGpu(), newGpu()];
    await bob.claims.take([gpu, unneeded], tinyImage);
    const next = bob.again();
    next.adopt(await bob.engine.list(bob.installation));
    await next.reconcile(new Set([gpu]));
    expect([await claimIsThere(gpu), await claimIsThere(unneeded)]).toEqual([true, false]);
    expect(await next.take([gpu], tinyImage)).toEqual({ ok: true });
  });
});
