/** `dstack exec` on a real daemon and engine. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import type { Finished } from '../../support/command.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { projectWith } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';

const launcher = join(import.meta.dirname, '../../../scripts/dstack');
let daemon: TestDaemon;
let cwd: string;
let run: string;
beforeAll(async () => {
  daemon = await startDaemon();
  cwd = await projectWith(
    `- name: long
  provider: bash
  env: ["PATH=/opt/x:$PATH", SEEN=yes]
  working_dir: sub
  artifacts: [output]
  commands: [sleep 1000]
- name: made-ready
  provider: bash
  env: [VENV=/opt/venv]
  before_run: [export FOO=yes, 'export PATH=$VENV/bin:$PATH', set -eu, mkdir -p /opt/made, cd /opt/made]
  commands: ['echo "$FOO $PWD \${PATH%%:*}"', sleep 1000]
`,
    { 'sub/file': 'x' },
  );
  run = (await daemon.cli(['run', '-d', 'long'], { cwd })).stdout.trim();
  await waitFor(async () => (await daemon.json<Run>(['ps', run], { cwd })).status === 'running', 'it to run');
});
afterAll(() => daemon?.[Symbol.asyncDispose]());

const exec = (words: string[], input?: string | Buffer, env?: Record<string, string>): Promise<Finished> =>
  daemon.cli(['exec', ...words], { cwd, ...(input !== undefined && { input }), ...(env && { env }) });
const ps = async (): Promise<string> => (await exec([run, 'ps', '-o', 'args'])).stdout;

test('it runs where the job runs, with what it has, and its exit status is ours', async () => {
  const { code, stdout, stderr } = await exec([
    run,
    '--',
    'sh',
    '-c',
    'echo "$PWD $SEEN $RUN_NAME ${PATH%%:*} $(id -u)"; echo apart >&2; exit 7',
  ]);
  expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: `/workflow/sub yes ${run} /opt/x 0\n`, stderr: 'apart\n' });
  expect(
    (await exec([run, '-w', 'output', '-e', 'A=b c', '-e', 'OWN', 'sh', '-c', 'echo "$PWD $A $OWN"'], '', { OWN: 'mine' })).stdout,
  ).toBe('/workflow/sub/output b c mine\n');
  expect(await exec([run, 'no-such'])).toMatchObject({ code: 127, stderr: expect.stringContaining("there is no command 'no-such'") });
});

test('it has what the set-up left, as the job has', async () => {
  const made = (await daemon.cli(['run', '-d', 'made-ready'], { cwd })).stdout.trim();
  await waitFor(async () => (await daemon.json<Run>(['ps', made], { cwd })).status === 'running', 'it to run');
  const left = 'yes /opt/made /opt/venv/bin\n';
  await waitFor(async () => (await daemon.cli(['logs', made], { cwd })).stdout === left, 'the job to have it');
  const tell = 'echo "$FOO $PWD ${PATH%%:*}${UNSET}"';
  expect(await exec([made, 'sh', '-c', tell])).toMatchObject({ code: 0, stdout: left, stderr: '' });
  expect((await exec([made, '-w', '/tmp', '-e', 'FOO=mine', 'sh', '-c', tell])).stdout).toBe('mine /tmp /opt/venv/bin\n');
  expect((await daemon.cli(['shell', made], { cwd, input: `${tell}\n` })).stdout).toBe(left);
});

test('it is a part of pipes: files in and out, the end of the input, no more than is asked for', async () => {
  expect(await exec([run, 'head', '-1'], 'one\n'.repeat(500_000))).toMatchObject({ code: 0, stdout: 'one\n' });
  expect((await exec([run, '--', 'wc', '-c'], 'x'.repeat(100_000))).stdout.trim()).toBe('100000');
  // whoever reads goes away: so does the command
  const child = spawn(launcher, ['exec', run, 'yes'], { cwd, env: daemon.env, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  expect(await once(child, 'exit')).toEqual([141, null]);
  await waitFor(async () => !/^yes$/m.test(await ps()), 'yes to end');
});

test('10 MB pass both ways through a slow reader, unchanged, and the daemon does not heap them up', async () => {
  const data = randomBytes(10_000_000);
  const child = spawn(launcher, ['exec', run, 'cat'], { cwd, env: daemon.env, stdio: ['pipe', 'pipe', 'inherit'] });
  const slowly = new Transform({
    transform: (chunk, _, done) => void delay(2).then(() => done(null, chunk)),
  });
  Readable.from([data]).pipe(child.stdin);
  const got = await buffer(child.stdout.pipe(slowly));
  expect(got.equals(data)).toBe(true);
});

test('signals without a terminal reach the command, which decides', async () => {
  const child = spawn(launcher, ['exec', run, 'sh', '-c', 'trap "echo heard; exit 9" INT; echo ready; while :; do sleep 0.1; done'], {
    cwd,
    env: daemon.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  const said = buffer(child.stdout);
  expect(await once(child, 'exit')).toEqual([9, null]);
  expect((await said).toString()).toBe('heard\n');
});

test('twenty that are torn down leave no process in the container and no descriptor in the daemon', async () => {
  const descriptors = (): string[] =>
    readdirSync(`/proc/${daemon.pid}/fd`).flatMap((fd) => {
      try {
        return readlinkSync(`/proc/${daemon.pid}/fd/${fd}`).replace(/\d{2,}/, 'N');
      } catch {
        return []; // closed meanwhile
      }
    });
  await exec([run, 'true']);
  const before = descriptors().length;
  const children = Array.from({ length: 20 }, () =>
    spawn(launcher, ['exec', run, 'sh', '-c', 'echo on; sleep 4720'], { cwd, env: daemon.env, stdio: ['pipe', 'pipe', 'ignore'] }),
  );
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  expect((await ps()).match(/^sleep 4720$/gm)).toHaveLength(20);
  for (const child of children) child.kill('SIGKILL');
  await waitFor(async () => !(await ps()).includes('4720'), 'all of them to end');
  // eight idle connections to the engine are kept for the next question
  await waitFor(() => descriptors().length <= before + 8, 'the descriptors to be closed');
  expect(readdirSync(join(daemon.home, 'sessions'))).toEqual([]);
}, 180_000);

test('where it cannot run, that is said, with an exit status of its own', async () => {
  expect(await exec(['no-such-run', 'true'])).toMatchObject({
    code: 125,
    stderr: expect.stringContaining("Cannot find the run 'no-such-run'"),
  });
  expect(await exec([run, '--node', '3', 'true'])).toMatchObject({ code: 125, stderr: expect.stringContaining('has no node 3') });
  expect(await exec([run])).toMatchObject({ code: 2, stderr: expect.stringContaining('Which command?') });
  const waits = (await daemon.cli(['run', '-d', 'bash', '-c', 'true'], { cwd })).stdout.trim();
  await waitFor(async () => (await daemon.json<Run>(['ps', waits], { cwd })).status === 'done', 'it to end');
  expect(await exec([waits, 'true'])).toMatchObject({
    code: 125,
    stderr: expect.stringContaining(`The run '${waits}' has ended, it is done`),
  });
});

test('a run that ends takes it along, and that is said; command lines are not in the log', async () => {
  const other = (await daemon.cli(['run', '-d', 'long'], { cwd })).stdout.trim();
  await waitFor(async () => (await daemon.json<Run>(['ps', other], { cwd })).status === 'running', 'it to run');
  const child = spawn(launcher, ['exec', other, 'sh', '-c', 'echo on; sleep 1000 # hush-hush'], {
    cwd,
    env: daemon.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child.stdout, 'data');
  const said = buffer(child.stderr);
  const exit = once(child, 'exit');
  await daemon.cli(['stop', '-x', '-y', other], { cwd });
  expect(await exit).toEqual([137, null]);
  expect((await said).toString()).toContain(`${other} has ended`);
  expect(daemon.log()).not.toContain('hush-hush');
});

test('the daemon dies in the middle: the command ends with a sentence, the run goes on, and the next daemon cleans up', async () => {
  const child = spawn(launcher, ['exec', run, 'sh', '-c', 'echo on; sleep 4721'], {
    cwd,
    env: daemon.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child.stdout, 'data');
  const said = buffer(child.stderr);
  const exit = once(child, 'exit');
  await daemon.kill();
  expect(await exit).toEqual([125, null]);
  expect((await said).toString()).toContain(`The daemon went away, which ends this command; the run ${run} goes on.`);
  await daemon.start();
  await waitFor(async () => !(await ps()).includes('4721'), 'what it left to be ended');
  expect((await daemon.json<Run>(['ps', run], { cwd })).status).toBe('running');
});
