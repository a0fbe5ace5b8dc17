/** `dstack gpus` says of this machine's GPUs what nvidia-smi says. */
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { desk, gpuDaemon, gpuProject, nvidiaSmi, record, recordAnswer, workflow } from './machine.ts';

const MiB = 2 ** 20;

test('every GPU, with what the driver says of it', async () => {
  await using daemon = await gpuDaemon();
  const { gpus } = desk(daemon, await gpuProject(workflow('see', 1, ['true'])));
  // a moment after other tests it still shows their work
  await waitFor(async () => (await gpus()).every((gpu) => gpu.utilization === 0 && gpu.processes.length === 0), 'the GPUs to be at rest');
  record('at-rest');
  const rows = nvidiaSmi('index', 'uuid', 'name', 'memory.total', 'memory.used', 'driver_version', 'compute_cap', 'temperature.gpu');
  const said = await gpus();
  recordAnswer('gpus-at-rest.json', said);
  recordAnswer('gpus-at-rest.txt', (await daemon.cli(['gpus'])).stdout);
  expect(said).toHaveLength(rows.length);
  for (const [i, [index, uuid, name, total, used, driver, capability, temperature]] of rows.entries()) {
    const gpu = said[i]!;
    expect(gpu).toMatchObject({
      host: 'local',
      index: Number(index),
      uuid,
      name,
      memory: Number(total) * MiB,
      driver,
      computeCapability: capability,
      mig: null,
      holder: null,
      busy: null,
      processes: [],
      staleSince: null,
    });
    expect(gpu.memoryUsed! / MiB).toBeCloseTo(Number(used), -2);
    expect(Math.abs(gpu.temperature! - Number(temperature))).toBeLessThan(10);
    expect(gpu.power).toBeGreaterThan(0);
  }
});

test('doctor has nothing against the GPUs', async () => {
  await using daemon = await gpuDaemon();
  const { stdout } = await daemon.cli(['doctor', '--json']);
  recordAnswer('doctor.json', stdout);
  const checks = (JSON.parse(stdout) as { name: string; status: string }[]).filter(({ name }) => name.startsWith('gpu'));
  expect(checks.length).toBeGreaterThan(0);
  expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
});
