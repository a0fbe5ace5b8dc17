/** The engine is restarted under the daemon, gracefully and by a crash, with runs under way, waiting and ended. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { startEngine } from '../../support/engine.ts';
import { isAlive } from '../../support/processes.ts';
import { project, projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { tinyImage } from '../../support/tiny-image.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ended, untilNothingIsLeft, untilStatus } from './fixture.ts';

const workflow = (name: string, commands: string[], more = ''): string =>
  [`- name: ${name}`, '  provider: bash', '  commands:', ...commands.map((c) => `    - ${JSON.stringify(c)}`), more].join('\n');
/** Prints, saves, and goes on from what an earlier attempt saved; ends when the file `go` is there. */
const patient = [
  'echo attempt $RUN_ATTEMPT',
  'echo $RUN_ATTEMPT >>out/attempts',
  ': >/marks/up-$RUN_NAME-$RUN_ATTEMPT',
  'until [ -e /marks/go ]; do sleep 0.1; done',
  'echo over',
];
/** Prints more after `go`, and ends at `end`. */
const phases = [...patient.filter((command) => !command.includes('out/')), 'until [ -e /marks/end ]; do sleep 0.1; done', 'echo out'];
const cpus = availableParallelism();
const workflows = [
  workflow('quick', ['echo quick', 'exit 4']),
  workflow('phases', phases),
  `- name: bare\n  provider: docker\n  image: ${tinyImage}\n  entrypoint: /bin/bash -c\n  commands:\n${phases.map((c) => `    - ${JSON.stringify(c)}`).join('\n')}`,
  workflow('patient', patient, '  artifacts: [out]'),
  workflow('again', patient, '  artifacts: [out]\n  retry: 1'),
  workflow('lowly', patient, '  artifacts: [out]\n  resources: {interruptible: true}'),
  // one at a time
  workflow('waits', ['echo waited'], `  resources: {cpu: ${cpus}}`),
  workflow('holds', patient, `  artifacts: [out]\n  resources: {cpu: ${cpus}}\n  retry: 1`),
].join('\n');

async function setUp(options: Parameters<typeof startEngine>[0] = {}) {
  const marks = scratchDir('m');
  const engine = await startEngine(options);
  const daemon = await startDaemon({
    engine: engine.host,
    config: { grace_period: '1s', mount_roots: ['/tmp'], mounts: [`${marks}:/marks`] },
  });
  const cwd = await projectWith(workflows);
  const submit = async (name: string): Promise<string> => {
    const { code, stdout, stderr } = await daemon.cli(['run', name, '-d'], { cwd });
    expect(code, stderr).toBe(0);
    return stdout.trim();
  };
  const isUp = (name: string, attempt = 1) =>
    waitFor(async () => readFileSync(join(marks, `up-${name}-${attempt}`)) && true, `attempt ${attempt} of ${name} to be under way`, {
      seconds: 60,
    });
  const runsOf = () => daemon.json<Run[]>(['ps', '-a'], { cwd });
  const run = async (name: string): Promise<Run> => (await runsOf()).find((one) => one.name === name) ?? expect.fail(`${name} is lost`);
  return {
    engine,
    daemon,
    cwd,
    submit,
    isUp,
    run,
    go: (mark = 'go') => writeFileSync(join(marks, mark), ''),
    attempts: async (name: string): Promise<string> => {
      const out = await project({});
      expect(await daemon.cli(['artifacts', 'download', name, '-o', out], { cwd })).toMatchObject({ code: 0 });
      return readFileSync(join(out, 'out/attempts'), 'utf8');
    },
    log: async (name: string): Promise<string> => (await daemon.cli(['logs', name], { cwd })).stdout,
    [Symbol.asyncDispose]: async () => {
      await daemon[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

/** `dstack run`, attached, while the test goes on. */
function attached(daemon: TestDaemon, cwd: string, workflowName: string) {
  const child = spawn(join(import.meta.dirname, '../../../scripts/dstack'), ['run', workflowName], { cwd, env: daemon.env });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { exit, stdout: () => stdout, stderr: () => stderr, pid: child.pid ?? 0 };
}

describe.each([
  ['gracefully', 'graceful', false],
  ['by a crash', 'kill', false],
  ['by a crash together with the daemon', 'kill', true],
] as const)('the engine restarted %s', (_, how, withDaemon) => {
  test('what ended keeps its end, what was killed says so or runs again, what waits goes on', async () => {
    await using lab = await setUp();
    const { daemon, cwd, submit, isUp } = lab;
    const quick = await submit('quick');
    await untilStatus(daemon, cwd, quick, ...ended);
    const [patientRun, again, lowly] = [await submit('patient'), await submit('again'), await submit('lowly')];
    const follower = attached(daemon, cwd, 'holds');
    const holds = (await waitFor(() => /^\S+-\d+$/m.exec(follower.stderr())?.[0], 'the name of the attached run')) ?? '';
    for (const name of [patientRun, again, lowly, holds]) await isUp(name);
    const waits = await submit('waits');
    await waitFor(async () => (await lab.run(waits)).reason?.includes('cores'), 'the waiting run to say what it waits for');

    if (withDaemon) await daemon.kill();
    await lab.engine.restart(how);
    if (withDaemon) await daemon.start();

    for (const name of [again, lowly, holds]) await isUp(name, 2);
    expect(await untilStatus(daemon, cwd, patientRun, ...ended)).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/host.* restarted/),
      attempt: 1,
    });
    expect(await lab.attempts(patientRun)).toBe('1\n');
    expect(await lab.log(patientRun)).toMatch(/^attempt 1\n/);
    expect(await lab.run(quick)).toMatchObject({ status: 'failed', exitCode: 4, reason: 'exit code 4' });
    expect(isAlive(follower.pid)).toBe(true);
    lab.go();
    for (const name of [again, lowly]) {
      expect(await untilStatus(daemon, cwd, name, ...ended)).toMatchObject({ status: 'done', attempt: 2 });
      expect(await lab.attempts(name)).toBe('1\n2\n');
      expect(await lab.log(name)).toMatch(/attempt 2\nover\n$/);
    }
    expect(await follower.exit, follower.stderr()).toBe(0);
    // an engine that starts again sends SIGTERM to what it finds running; the shell says so
    expect(follower.stdout().replace('Terminated\n', '')).toBe('attempt 1\nattempt 2\nover\n');
    expect(await untilStatus(daemon, cwd, waits, ...ended)).toMatchObject({ status: 'done', attempt: 1 });
    await untilNothingIsLeft(daemon);
  });
});

test('while the engine is away, runs wait and say why; an attached one stays', async () => {
  await using lab = await setUp();
  const { daemon, cwd } = lab;
  const holds = await lab.submit('holds');
  await lab.isUp(holds);
  const follower = attached(daemon, cwd, 'waits');
  await waitFor(() => /^\S+-\d+$/m.test(follower.stderr()), 'the attached run to be submitted');
  const says = async (wanted: RegExp, count: number) =>
    (await daemon.json<Run[]>(['ps'], { cwd })).filter((run) => wanted.test(run.reason ?? '')).length === count;
  let submitted = '';
  await lab.engine.restart('kill', async () => {
    await waitFor(() => says(/does not answer/, 2), 'both runs to say that the engine does not answer');
    submitted = await lab.submit('waits');
    await waitFor(() => says(/does not answer/, 3), 'the new run to say so too');
  });
  lab.go();
  expect(await follower.exit, follower.stderr()).toBe(0);
  expect(follower.stdout()).toBe('waited\n');
  await untilStatus(daemon, cwd, submitted, 'done');
});

test('an engine that keeps containers over its restarts keeps the runs, and no byte of their logs is lost', async () => {
  await using lab = await setUp({ config: { 'live-restore': true } });
  const { daemon, cwd } = lab;
  // the second has no script of ours that could tell how it ended
  const names = [await lab.submit('phases'), await lab.submit('bare')];
  for (const name of names) await lab.isUp(name);
  await lab.engine.restart('graceful');
  lab.go();
  for (const name of names) {
    await waitFor(async () => (await lab.log(name)) === 'attempt 1\nover\n', `${name} to be heard again`);
    expect(await lab.run(name)).toMatchObject({ status: 'running' });
  }
  lab.go('end');
  for (const name of names) {
    expect(await untilStatus(daemon, cwd, name, ...ended)).toMatchObject({ status: 'done', attempt: 1, exitCode: 0, reason: null });
    expect(await lab.log(name)).toBe('attempt 1\nover\nout\n');
  }
  await waitFor(() => readdirSync(join(daemon.home, 'states')).length === 0, 'the runs to be put away');
  // this engine forgets which volumes are mounted when it is restarted like that, and lets go of them at its next start
  await daemon.stop();
  await lab.engine.restart('graceful');
  await daemon.start();
  await untilNothingIsLeft(daemon);
});
