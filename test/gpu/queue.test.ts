/** Runs that want the same GPUs, one after the other or one in place of the other. */
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { desk, gpuDaemon, gpuProject, gpuUuids, nvidiaSmi, record, recordAnswer, seenIn, workflow } from './machine.ts';

const GiB = 2 ** 30;
const MiB = 2 ** 20;

test('the second of two waits, says for whom, and has the GPUs next', async () => {
  await using daemon = await gpuDaemon();
  const all = gpuUuids();
  const cwd = await gpuProject(workflow('load', all.length, ['$PYTHON load.py 2 0']));
  const { start, stop, untilLog, untilStatus, detail } = desk(daemon, cwd);
  const first = await start('load');
  await untilLog(first, `filled ${all.length}`);
  const second = await start('load');
  const waiting = await waitFor(async () => {
    const run = await detail(second);
    return run.status === 'queued' && run.reason?.includes(first) && run;
  }, `${second} to wait for ${first}`);
  recordAnswer('waiting.json', waiting);
  recordAnswer('waiting.txt', (await daemon.cli(['ps', second], { cwd })).stdout);
  expect(waiting.position).toBe(1);
  expect(waiting.waiting?.holders.map(({ run }) => run)).toEqual([first]);
  await stop(first);
  const running = await untilStatus(second, 'running');
  expect(running.gpus.toSorted()).toEqual(all.toSorted());
  await untilLog(second, `filled ${all.length}`);
  await stop(second);
});

test('an interruptible run gives its GPUs back, memory and all, and goes on afterwards', async () => {
  await using daemon = await gpuDaemon();
  const all = gpuUuids();
  const half = Math.floor((Number(nvidiaSmi('memory.total')[0]?.[0]) * MiB) / GiB / 2);
  const cwd = await gpuProject(
    workflow(
      'batch',
      all.length,
      [
        'echo attempt $RUN_ATTEMPT',
        'cat out/mark 2>/dev/null || true',
        'echo saved by $RUN_ATTEMPT >>out/mark',
        `$PYTHON load.py ${half} 0`,
      ],
      'interruptible: true',
    ),
    workflow('urgent', all.length, ['$PYTHON see.py', '$PYTHON load.py 2 10']),
  );
  const { start, stop, untilLog, untilStatus, detail, log } = desk(daemon, cwd);
  const batch = await start('batch');
  await untilLog(batch, `filled ${all.length}`);
  const urgent = await start('urgent');
  const seen = seenIn(await untilLog(urgent, `filled ${all.length}`))!;
  record('after-preemption');
  expect(seen.total - seen.free, 'memory that was in use when the urgent run began').toBeLessThan(2 * GiB);
  const interrupted = await detail(batch);
  recordAnswer('preempted.json', interrupted);
  recordAnswer('preempted.txt', (await daemon.cli(['ps', batch], { cwd })).stdout);
  expect(interrupted).toMatchObject({ status: 'queued', attempts: [{ attempt: 1, status: 'interrupted' }, {}] });

  expect(await untilStatus(urgent, 'done')).toMatchObject({ exitCode: 0 });
  await waitFor(async () => (await detail(batch)).attempt === 2, `${batch} to start again`);
  await untilLog(batch, 'attempt 2');
  const text = await waitFor(
    async () => {
      const said = await log(batch);
      return /attempt 2[^]*filled/.test(said) && said;
    },
    `${batch} to work again`,
    { seconds: 120, every: 250 },
  );
  expect(text).toContain('saved by 1');
  await stop(batch);
});
