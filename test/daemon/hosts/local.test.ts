import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createDockerEngine } from '../../../daemon/engine/docker.ts';
import { createLocalHost, type LocalHostOptions } from '../../../daemon/hosts/local.ts';
import { toolkitMissing } from '../../../daemon/hosts/toolkit.ts';
import { defaultConfig } from '../../../shared/config-file.ts';
import { nvidiaSmi } from '../../support/nvidia-smi.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';

const uuid = 'GPU-01234567-89ab-cdef-0123-456789abcdef';
const engine = () => createDockerEngine({ endpoint: process.env['DOCKER_HOST']!, installation: 'hosts-test' });

/** A machine whose nvidia-smi and toolkit are ours, with the real engine. */
function machine() {
  const dir = scratchDir('host');
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  const clock = { now: 1000 };
  const host = (options: Partial<LocalHostOptions> = {}) =>
    createLocalHost({
      home: dir,
      engine: engine(),
      nvidiaSmi: join(bin, 'nvidia-smi'),
      places: { path: bin },
      now: () => clock.now,
      ...options,
    });
  return { dir, bin, clock, host };
}

test('a machine without a GPU', async () => {
  const m = machine();
  const facts = await m.host().facts();
  expect(facts).toMatchObject({ name: 'local', reachable: true, gpus: [], gpuProblem: null });
  expect(facts.cpus).toBeGreaterThan(0);
  expect(facts.cpus).toBeLessThanOrEqual(availableParallelism());
  expect(facts.memory).toBeGreaterThan(1e8);
  expect(facts.memory).toBeLessThanOrEqual(totalmem());
  expect(facts.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  expect(facts.freeDisk[0]?.path).toBe(m.dir);
  expect(facts.freeDisk[0]?.bytes).toBeGreaterThan(0);
});

test('a driver without its container toolkit is a problem, the hook solves it', async () => {
  const m = machine();
  nvidiaSmi(m.bin, [{ uuid }]);
  const host = m.host();
  expect(await host.facts()).toMatchObject({ gpus: [{ uuid }], gpusReadAt: 1000, gpusStaleSince: null, gpuProblem: toolkitMissing });
  writeFileSync(join(m.bin, 'nvidia-container-runtime-hook'), '', { mode: 0o755 });
  expect(await host.facts()).toMatchObject({ gpus: [{ uuid }], gpuProblem: null });
});

test('a configuration that asks for what the engine has not is a problem', async () => {
  const m = machine();
  nvidiaSmi(m.bin, [{ uuid }]);
  writeFileSync(join(m.bin, 'nvidia-container-runtime-hook'), '', { mode: 0o755 });
  const gpus = { ...defaultConfig().gpus, attach: 'cdi' as const };
  const cdi = (await engine().info()).cdi;
  const { gpuProblem } = await m.host({ config: () => gpus }).facts();
  expect(gpuProblem).toMatch(cdi ? /no CDI specification/ : /has no CDI/);
});

test('an engine that does not answer leaves what the machine itself says', async () => {
  const m = machine();
  const gone = createDockerEngine({ endpoint: `unix://${m.dir}/none.sock`, installation: 'hosts-test' });
  const facts = await m.host({ engine: gone }).facts();
  expect(facts.memory).toBeGreaterThan(1e8);
  expect(facts.freeDisk.map(({ path }) => path)).toEqual([m.dir]);
});

test('nvidia-smi is asked as often as configured behind the back of who asks, before the answer when it is fresh or long ago', async () => {
  const m = machine();
  const smi = nvidiaSmi(m.bin);
  let read = 0;
  const host = m.host({ onGpus: () => (read += 1) });
  const used = async (fresh = false) => (await host.facts({ fresh })).gpus.map(({ memoryUsed }) => (memoryUsed ?? 0) / 2 ** 20);
  const uses = (now: number) => smi.set([{ uuid, used: now }]);
  uses(1);
  expect(await Promise.all([used(), used()])).toEqual([[1], [1]]);
  uses(2);
  m.clock.now += 4_000;
  expect(await used()).toEqual([1]);
  m.clock.now += 2_000;
  expect(await used()).toEqual([1]);
  await waitFor(() => read === 1, 'the reading behind the back');
  expect(await used()).toEqual([2]);
  uses(3);
  expect(await used(true)).toEqual([3]);
  uses(4);
  m.clock.now += 61_000;
  expect(await used()).toEqual([4]);
  expect(read).toBe(1);
});

test('what is stale is said to be', async () => {
  const m = machine();
  const smi = nvidiaSmi(m.bin, [{ uuid }]);
  const host = m.host({ nvidiaSmiLimitMs: 20_000 });
  await host.facts();
  smi.says('echo broken; exit 1');
  m.clock.now += 1_000;
  const facts = await host.facts({ fresh: true });
  expect(facts).toMatchObject({ gpus: [{ uuid }], gpusReadAt: 1000, gpusStaleSince: 1000, gpuProblem: expect.stringContaining('broken') });
});

test.each([
  ['fails', 'echo broken; exit 1'],
  ['hangs', 'exec sleep 1000'],
])('an nvidia-smi that %s from the start of a daemon: the GPUs that the one before knew, until it works', async (_, script) => {
  const m = machine();
  const smi = nvidiaSmi(m.bin, [{ uuid, used: 5_000 }]);
  await m.host().facts();
  smi.says(script);
  m.clock.now += 60_000;
  const host = m.host({ nvidiaSmiLimitMs: 1_000 });
  const facts = await host.facts();
  expect(facts).toMatchObject({ gpus: [{ uuid, index: 0, memoryUsed: null, processes: [] }], gpusReadAt: null, gpusStaleSince: 1000 });
  expect(facts.gpuProblem).toMatch(/; the GPUs are as last seen, stale since 19/);
  smi.set([{ uuid }]);
  await waitFor(async () => (await host.facts({ fresh: true })).gpusStaleSince === null, 'nvidia-smi to work');
});

test.each(['', '{"at": 1000, "gpus": [{"uuid": 5}]}', 'null'])(
  'what another left in the place of the known GPUs is passed over: %j',
  async (text) => {
    const m = machine();
    writeFileSync(join(m.dir, 'gpus.json'), text);
    nvidiaSmi(m.bin).says('echo broken; exit 1');
    expect(await m.host().facts()).toMatchObject({ gpus: [], gpusStaleSince: null, gpuProblem: expect.stringContaining('broken') });
  },
);

test('an nvidia-smi that is gone, or cannot be run, at the start of a daemon leaves the GPUs that the one before knew', async () => {
  const m = machine();
  nvidiaSmi(m.bin, [{ uuid }]);
  const path = join(m.bin, 'nvidia-smi');
  await m.host().facts();
  chmodSync(path, 0o644);
  const known = { gpus: [{ uuid }], gpusReadAt: null, gpusStaleSince: 1000 };
  expect(await m.host().facts()).toMatchObject({ ...known, gpuProblem: expect.stringContaining('nvidia-smi cannot be run (EACCES)') });
  rmSync(path);
  expect(await m.host().facts()).toMatchObject({ ...known, gpuProblem: expect.stringContaining('nvidia-smi is gone') });
  // and who needs none is told of them without waiting
  expect(await m.host().facts({ anyGpus: true })).toMatchObject(known);
});

test('who needs no GPU does not wait for nvidia-smi', async () => {
  const m = machine();
  const smi = nvidiaSmi(m.bin);
  smi.says(`exec sleep 1000`);
  let read = 0;
  const host = m.host({ nvidiaSmiLimitMs: 500, onGpus: () => (read += 1) });
  expect(await host.facts({ anyGpus: true })).toMatchObject({ gpus: [], gpusReadAt: null, gpuProblem: null });
  await waitFor(() => read === 1, 'nvidia-smi to be given up');
  smi.set([{ uuid }]);
  await waitFor(async () => (await host.facts({ fresh: true })).gpus.length === 1, 'nvidia-smi to work');
  m.clock.now += 1_000_000;
  smi.says(`exec sleep 1000`);
  expect(await host.facts({ anyGpus: true })).toMatchObject({ gpus: [{ uuid }], gpusReadAt: 1000 });
  await waitFor(() => read === 2, 'nvidia-smi to be given up again');
});
