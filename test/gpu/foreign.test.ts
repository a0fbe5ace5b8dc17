/** A process that dstack did not start has the GPU: it is left alone, and that is said. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { driverFolder } from './lab/devices.ts';
import { desk, gpuDaemon, gpuProject, gpuUuids, python, record, recordAnswer, workflow } from './machine.ts';

/** Somebody else's work on all GPUs: a container that dstack knows nothing of, or a process where the machine itself has PyTorch. */
async function somebody(cwd: string): Promise<{ end(): Promise<void> }> {
  const onMachine = process.env['DSTACK_TEST_GPU_ON_MACHINE'] === 'yes';
  const words = [python(), ...(onMachine ? [join(cwd, 'load.py')] : ['/work/load.py']), '4', '0'];
  const image = process.env['DSTACK_TEST_GPU_IMAGE']!;
  const [program, args] = onMachine
    ? [words[0]!, words.slice(1)]
    : [
        'docker',
        ['run', '--rm', '-i', '--init', '--gpus', 'all', '-v', `${cwd}:/work:ro`, '--entrypoint', words[0]!, image, ...words.slice(1)],
      ];
  // where the machine's loader does not know the driver's libraries by itself
  const libraries = [process.env['LD_LIBRARY_PATH'], `${driverFolder}/lib64`].filter(Boolean).join(':');
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, LD_LIBRARY_PATH: libraries } });
  const ended = once(child, 'exit');
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await waitFor(() => said.includes('filled') || child.exitCode !== null, 'the other process to take the GPUs', { seconds: 120 });
  if (!said.includes('filled')) throw new Error(`the other process ended with ${child.exitCode}: ${said}`);
  return {
    async end() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

test("somebody else's process: the GPU is not handed out, until it is gone", async () => {
  await using daemon = await gpuDaemon({ gpus: { read_every: '2s' } });
  const all = gpuUuids();
  const cwd = await gpuProject(workflow('see', all.length, ['$PYTHON see.py']));
  const { start, gpus, detail, untilStatus } = desk(daemon, cwd);
  const other = await somebody(cwd);
  try {
    const busy = await waitFor(
      async () => {
        const said = await gpus();
        return said.every((gpu) => gpu.busy !== null) && said;
      },
      'dstack gpus to say that they are busy',
      { seconds: 30, every: 250 },
    );
    record('foreign-process');
    recordAnswer('gpus-foreign.json', busy);
    recordAnswer('gpus-foreign.txt', (await daemon.cli(['gpus'], { cwd })).stdout);
    expect(busy.map(({ holder }) => holder)).toEqual(all.map(() => null));
    const name = await start('see');
    const waiting = await waitFor(async () => {
      const run = await detail(name);
      return run.status === 'queued' && run.reason !== null && run;
    }, `${name} to wait`);
    recordAnswer('waiting-for-foreign.json', waiting);
    recordAnswer('waiting-for-foreign.txt', (await daemon.cli(['ps', name], { cwd })).stdout);
    expect(`${waiting.reason} ${JSON.stringify(waiting.waiting)}`).toMatch(/used by process|in use by somebody else/);
    await other.end();
    expect(await untilStatus(name, 'done')).toMatchObject({ exitCode: 0 });
  } finally {
    await other.end();
  }
});
