import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createDockerEngine } from '../../../daemon/engine/docker.ts';
import { createLocalHost } from '../../../daemon/hosts/local.ts';

const uuid = 'GPU-01234567-89ab-cdef-0123-456789abcdef';
const engine = () => createDockerEngine({ endpoint: process.env['DOCKER_HOST']!, installation: 'hosts-test' });

/** A machine whose nvidia-smi and toolkit are ours, with the real engine. */
function machine() {
  const dir = mkdtempSync(join(tmpdir(), 'host-'));
  const program = (name: string, script: string) => {
    mkdirSync(join(dir, 'bin'), { recursive: true });
    writeFileSync(join(dir, 'bin', name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(dir, 'bin', name), 0o755);
  };
  const clock = { now: 1000 };
  const host = (options = {}) =>
    createLocalHost({
      home: dir,
      engine: engine(),
      nvidiaSmi: join(dir, 'bin', 'nvidia-smi'),
      places: { path: join(dir, 'bin'), cdiDirs: [] },
      now: () => clock.now,
      ...options,
    });
  return { dir, program, clock, host, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}

test('a machine without a GPU', async () => {
  using m = machine();
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
  using m = machine();
  m.program('nvidia-smi', `echo '0, ${uuid}, 24576, 535.1, 8.6, NVIDIA GeForce RTX 3090'`);
  const host = m.host();
  expect(await host.facts()).toMatchObject({ gpus: [{ uuid }], gpuProblem: expect.stringContaining('container toolkit is not') });
  m.program('nvidia-container-runtime-hook', '');
  expect(await host.facts()).toMatchObject({ gpus: [{ uuid }], gpuProblem: null });
});

test('an engine that does not answer leaves what the machine itself says', async () => {
  using m = machine();
  const gone = createDockerEngine({ endpoint: `unix://${m.dir}/none.sock`, installation: 'hosts-test' });
  const facts = await m.host({ engine: gone }).facts();
  expect(facts.memory).toBeGreaterThan(1e8);
  expect(facts.freeDisk.map(({ path }) => path)).toEqual([m.dir]);
});

test('nvidia-smi is asked once a minute, and whenever it is wanted fresh', async () => {
  using m = machine();
  m.program('nvidia-smi', `echo x >> ${m.dir}/calls; echo '0, ${uuid}, 24576, 535.1, 8.6, RTX'`);
  const calls = () => readFileSync(join(m.dir, 'calls'), 'utf8').length / 2;
  const host = m.host();
  await Promise.all([host.facts(), host.facts()]);
  m.clock.now += 59_000;
  await host.facts();
  expect(calls()).toBe(1);
  m.clock.now += 2_000;
  await host.facts();
  expect(calls()).toBe(2);
  await host.facts({ fresh: true });
  expect(calls()).toBe(3);
});
