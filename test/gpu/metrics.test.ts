/** Metrics move with the work, and each run's are its own. */
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { desk, gpuDaemon, gpuProject, record, recordAnswer, workflow } from './machine.ts';

const GiB = 2 ** 30;

test('of two runs at once, one has the GPU at work and full, the other only a core', async () => {
  await using daemon = await gpuDaemon({ sample_every: '1s' });
  const cwd = await gpuProject(workflow('load', 1, ['$PYTHON load.py 8 0']), workflow('spin', null, ['echo spinning', '$PYTHON spin.py']));
  const { start, stop, untilLog, gpus, stats, detail } = desk(daemon, cwd);
  const [load, spin] = [await start('load'), await start('spin')];
  await Promise.all([untilLog(load, 'filled 1'), untilLog(spin, 'spinning')]);
  const [uuid] = (await detail(load)).gpus;

  const held = await waitFor(
    async () => {
      const gpu = (await gpus()).find((one) => one.uuid === uuid);
      return gpu && gpu.memoryUsed! > 8 * GiB && gpu.utilization! > 50 && gpu;
    },
    'dstack gpus to show the load',
    { seconds: 60, every: 500 },
  );
  record('under-load');
  recordAnswer('gpus-under-load.json', await gpus());
  recordAnswer('gpus-under-load.txt', (await daemon.cli(['gpus'], { cwd })).stdout);
  expect(held).toMatchObject({ holder: { run: load, user: expect.any(String) }, busy: null, processes: [] });

  const ofLoad = await waitFor(
    async () => {
      const found = await stats(load);
      return found.samples.some(({ gpus: [gpu] }) => gpu && gpu.memory! > 8 * GiB && gpu.utilization! > 50) && found;
    },
    'the samples of the run on the GPU',
    { seconds: 60, every: 500 },
  );
  expect(ofLoad).toMatchObject({ run: load, attempt: 1, gpus: [uuid] });
  const ofSpin = await waitFor(
    async () => {
      const found = await stats(spin);
      return found.samples.some(({ cpu }) => cpu !== null && cpu > 0.3) && found;
    },
    'the samples of the run without',
    { seconds: 60, every: 500 },
  );
  expect(ofSpin).toMatchObject({ run: spin, gpus: [] });
  expect(ofSpin.samples.every((sample) => sample.gpus.length === 0)).toBe(true);
  recordAnswer('stats-load.json', ofLoad);
  recordAnswer('stats-load.txt', (await daemon.cli(['stats', load], { cwd })).stdout);
  recordAnswer('stats-spin.json', ofSpin);
  await stop(load, spin);
});

test('GPU-hours are counted, and survive rm', async () => {
  await using daemon = await gpuDaemon();
  const cwd = await gpuProject(workflow('short', 1, ['$PYTHON load.py 1 3']));
  const { run } = await desk(daemon, cwd).run('short');
  expect(run.status).toBe('done');
  const usage = () => daemon.json<{ runs: number; gpuHours: number }[]>(['usage'], { cwd });
  const before = await usage();
  expect(before).toMatchObject([{ runs: 1 }]);
  expect(before[0]!.gpuHours * 3600).toBeGreaterThan(3);
  await daemon.cli(['rm', run.name, '-y'], { cwd });
  expect(await usage()).toEqual(before);
});
