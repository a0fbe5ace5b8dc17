/** The GPUs of a watch are its own until it ends, over all of its attempts and containers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startDaemon } from '../../support/daemon.ts';
import { startEngine } from '../../support/engine.ts';
import { gpuMachine } from '../../support/gpu-machine.ts';
import { projectWith } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';
import { untilStatus } from './fixture.ts';
import { detail, press, printed, startWatch, untilAttempt, workflow } from './watch-fixture.ts';

test('who waits for the GPU of a watch gets it when the watch ends, not between two attempts', async () => {
  await using machine = await gpuMachine(1);
  await using daemon = await startDaemon({ ...machine.options, config: { grace_period: '1s' } });
  const file = (a: string) => workflow(['ls /dev | grep nvidia; cat a'], `  env: [A=${a}]\n  resources: {gpu: 1}\n`);
  const cwd = await projectWith(file('x'), { a: '1\n' });
  const name = await startWatch(daemon, cwd);
  await untilAttempt(daemon, cwd, name, 1, 'ended');
  const waiting = (await daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim();
  expect(await untilStatus(daemon, cwd, waiting, 'queued')).toMatchObject({ gpus: [] });
  const others: string[] = [];
  const look = async () => void others.push((await detail(daemon, cwd, waiting)).status);
  for (const [attempt, change] of [
    [2, () => press(daemon, cwd, name, 'r')],
    [3, () => writeFileSync(join(cwd, 'a'), '3\n')],
    [4, () => writeFileSync(join(cwd, '.dstack/workflows.yaml'), `workflows:\n  ${file('y').replaceAll('\n', '\n  ')}\n`)],
  ] as const) {
    await change();
    const run = await waitFor(async () => {
      await look();
      const now = await detail(daemon, cwd, name);
      return now.watch?.attempt === attempt && now.watch.phase === 'ended' ? now : null;
    }, `attempt ${attempt}`);
    expect(run.gpus).toEqual(machine.standIn.uuids);
    expect(run.watch?.fresh ?? null).toEqual(attempt === 4 ? expect.any(String) : null);
    expect(await printed(daemon, cwd, name, attempt)).toMatch(/^nvidia0\n/);
  }
  // its container goes, and still nobody else gets it
  const containers = (await detail(daemon, cwd, name)).attempts.map((one) => one.container);
  expect(containers).toHaveLength(4);
  await press(daemon, cwd, name, 'r');
  await untilAttempt(daemon, cwd, name, 5, 'ended');
  await look();
  expect(new Set(others)).toEqual(new Set(['queued']));
  await daemon.cli(['stop', name, '-y'], { cwd });
  await untilStatus(daemon, cwd, name, 'stopped');
  expect(await untilStatus(daemon, cwd, waiting, 'done', 'failed')).toMatchObject({ status: 'done' });
});

test('a watch that is interruptible makes room, and what it was at comes again by itself', async () => {
  await using machine = await gpuMachine(1);
  await using daemon = await startDaemon({ ...machine.options, config: { grace_period: '1s' } });
  const cwd = await projectWith(
    `${workflow(['echo "attempt $RUN_ATTEMPT"; exec sleep 60'], '  resources: {gpu: 1, interruptible: true}\n')}- name: owner\n  provider: bash\n  commands: ["true"]\n  resources: {gpu: 1}\n`,
  );
  const name = await startWatch(daemon, cwd);
  await untilAttempt(daemon, cwd, name, 1, 'running');
  const owner = (await daemon.cli(['run', 'owner', '-d'], { cwd })).stdout.trim();
  await untilStatus(daemon, cwd, owner, 'done');
  const run = await untilAttempt(daemon, cwd, name, 2, 'running');
  expect(run).toMatchObject({
    watch: { cause: 'preempted' },
    gpus: machine.standIn.uuids,
    attempts: [{ how: 'container' }, { how: null }],
  });
  // one that waits makes room too, and goes on waiting
  await press(daemon, cwd, name, 's');
  await untilAttempt(daemon, cwd, name, 2, 'ended');
  const next = (await daemon.cli(['run', 'owner', '-d'], { cwd })).stdout.trim();
  await untilStatus(daemon, cwd, next, 'done');
  expect(await untilStatus(daemon, cwd, name, 'preparing')).toMatchObject({
    attempt: 2,
    reason: expect.stringMatching(/waiting for changes$/),
  });
  // without a container, too
  const third = (await daemon.cli(['run', 'owner', '-d'], { cwd })).stdout.trim();
  await untilStatus(daemon, cwd, third, 'done');
  await press(daemon, cwd, name, 'r');
  await untilAttempt(daemon, cwd, name, 3, 'running');
  await daemon.cli(['stop', name, '-y'], { cwd });
  expect(await untilStatus(daemon, cwd, name, 'stopped')).toMatchObject({ attempt: 3 });
  expect((await detail(daemon, cwd, name)).attempts.at(-1)).toMatchObject({ how: 'stopped', exitCode: 143 });
});

test('after a restart of the engine what ran comes again by itself, what waited waits', async () => {
  await using engine = await startEngine();
  await using daemon = await startDaemon({ engine: engine.host, config: { grace_period: '1s' } });
  const cwd = await projectWith(workflow(['cat a; [ $(cat a) = over ] || exec sleep 60']), { a: 'on' });
  const name = await startWatch(daemon, cwd);
  await untilAttempt(daemon, cwd, name, 1, 'running');
  await engine.restart('graceful');
  expect(await untilAttempt(daemon, cwd, name, 2, 'running')).toMatchObject({ watch: { cause: 'host', before: { how: 'container' } } });
  writeFileSync(join(cwd, 'a'), 'over');
  await untilAttempt(daemon, cwd, name, 3, 'ended');
  await engine.restart('kill');
  await untilStatus(daemon, cwd, name, 'preparing');
  expect(await untilAttempt(daemon, cwd, name, 3, 'ended')).toMatchObject({ watch: { exitCode: 0 } });
  await press(daemon, cwd, name, 'r');
  expect(await untilAttempt(daemon, cwd, name, 4, 'ended')).toMatchObject({ watch: { exitCode: 0 } });
});
