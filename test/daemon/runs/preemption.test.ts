/**
 * Interruptible runs make room for others and come back: with their artifacts, at the front of their class, and whatever happens to the daemon.
 * Cores stand for GPUs here: the same scheduler and the same steps serve both.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Run, RunDetail } from '../../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { isAlive } from '../../support/processes.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { daemonOfFile, untilNothingIsLeft, untilStatus } from './fixture.ts';

const all = availableParallelism();
const workflow = (name: string, commands: string[], more = ''): string =>
  [`- name: ${name}`, '  provider: bash', '  commands:', ...commands.map((line) => `    - ${JSON.stringify(line)}`), more].join('\n');
const resources = (cpu: number, interruptible: boolean): string =>
  `  artifacts: [out]\n  resources: {cpu: ${cpu}, interruptible: ${interruptible}}`;
/** Goes on until there is a file `go` in its artifacts; each attempt signs there, and says when it was told to end. */
const patient = [
  'echo $RUN_ATTEMPT >>out/attempts',
  "trap 'echo told >>out/attempts; exit 0' TERM",
  'until [ -e /marks/go ]; do sleep 0.1; done',
];

const project = (): Promise<string> =>
  projectWith(
    [
      workflow('guest', patient, resources(all, true)),
      workflow('half', patient, resources(all / 2, true)),
      workflow('owner', ['true'], resources(all, false)),
      workflow('long', ['until [ -e /marks/done ]; do sleep 0.1; done'], resources(all, false)),
    ].join('\n'),
  );

const start = async (daemon: TestDaemon, cwd: string, name: string): Promise<string> =>
  (await daemon.cli(['run', name, '-d'], { cwd })).stdout.trim();
const detail = (daemon: TestDaemon, cwd: string, name: string): Promise<RunDetail> => daemon.json<RunDetail>(['ps', name], { cwd });
/** What the attempts of a run left in its artifacts. */
const signed = async (daemon: TestDaemon, cwd: string, name: string): Promise<string> => {
  const into = scratchDir('a');
  await daemon.cli(['artifacts', 'download', name, '-o', into], { cwd });
  return readFileSync(join(into, 'out/attempts'), 'utf8');
};

const marks = scratchDir('m');
const mounted = { mount_roots: ['/tmp'], mounts: [`${marks}:/marks`], grace_period: '20s' };
const host = daemonOfFile({ config: mounted });

test('a run makes room, comes back with its artifacts, and its story says so', async () => {
  const { daemon } = host;
  const cwd = await project();
  const guest = await start(daemon, cwd, 'guest');
  await untilStatus(daemon, cwd, guest, 'running');
  await waitFor(async () => /1/.test(await signed(daemon, cwd, guest)), 'the first attempt to sign');
  const owner = await start(daemon, cwd, 'owner');
  await untilStatus(daemon, cwd, owner, 'done');
  await untilStatus(daemon, cwd, guest, 'running');
  await daemon.cli(['stop', guest, '-y'], { cwd });
  await untilStatus(daemon, cwd, guest, 'stopped', 'done');
  expect(await signed(daemon, cwd, guest)).toBe('1\ntold\n2\ntold\n');
  const story = await detail(daemon, cwd, guest);
  expect(story.attempts).toMatchObject([
    { attempt: 1, status: 'interrupted', reason: `made room for ${owner}`, host: 'local' },
    { attempt: 2, status: 'stopped' },
  ]);
  expect((await daemon.cli(['ps', guest], { cwd })).stdout).toContain(`made room for ${owner}`);
  await untilNothingIsLeft(daemon);
});

test('one that still waits for its image makes room at once', async () => {
  const { daemon } = host;
  // a registry that never gives out what it was asked for
  const registry = createServer((request, response) => void (request.url === '/v2/' && response.end())).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo;
  const image = `127.0.0.1:${port}/team/slow:1`;
  const cwd = await projectWith(
    `- name: guest\n  provider: docker\n  image: ${image}\n  commands: ["true"]\n${resources(all, true)}\n${workflow('owner', ['true'], resources(all, false))}`,
  );
  const guest = await start(daemon, cwd, 'guest');
  await waitFor(async () => (await detail(daemon, cwd, guest)).reason?.startsWith('pulling'), 'the pull');
  const owner = await start(daemon, cwd, 'owner');
  await untilStatus(daemon, cwd, owner, 'done');
  expect((await detail(daemon, cwd, guest)).attempts[0]).toMatchObject({ status: 'interrupted', reason: `made room for ${owner}` });
  await daemon.cli(['stop', guest, '-x', '-y'], { cwd });
  await untilStatus(daemon, cwd, guest, 'stopped', 'aborted');
  registry.closeAllConnections();
  registry.close();
});

test('while it waits, ps says for whom; the newest goes first, and no more than are needed', async () => {
  const { daemon } = host;
  const cwd = await project();
  const older = await start(daemon, cwd, 'half');
  await untilStatus(daemon, cwd, older, 'running');
  const newer = await start(daemon, cwd, 'half');
  await untilStatus(daemon, cwd, newer, 'running');
  const small = (await daemon.cli(['run', 'long', '-d', '--cpu', String(all / 2)], { cwd })).stdout.trim();
  await untilStatus(daemon, cwd, small, 'running');
  const waiting = await untilStatus(daemon, cwd, newer, 'queued');
  expect(waiting.reason).toMatch(/made room/);
  expect(waiting).toMatchObject({ attempt: 2, position: 1 });
  expect((await detail(daemon, cwd, older)).attempts).toMatchObject([{ attempt: 1, status: 'running' }]);
  const queue = await daemon.json<Run[]>(['queue'], { cwd });
  expect(queue.map((run) => run.name)).toEqual([newer]);
  await daemon.cli(['stop', '-a', '-x', '-y'], { cwd });
  await untilNothingIsLeft(daemon);
});

test('two runs that are not interruptible never make room for each other', async () => {
  const { daemon } = host;
  const cwd = await project();
  const first = await start(daemon, cwd, 'long');
  await untilStatus(daemon, cwd, first, 'running');
  const second = (await daemon.cli(['run', 'owner', '-d', '--priority', '5'], { cwd })).stdout.trim();
  const told = await waitFor(async () => (await detail(daemon, cwd, second)).waiting, 'the second to wait');
  expect(told.holders.map((holder) => holder.run)).toEqual([first]);
  expect(told.candidates).toMatchObject([{ host: 'local', why: expect.stringContaining('cores') }]);
  expect(await detail(daemon, cwd, first)).toMatchObject({ status: 'running', attempt: 1 });
  await daemon.cli(['stop', '-a', '-x', '-y'], { cwd });
  await untilNothingIsLeft(daemon);
});

describe('the daemon is killed in the middle of it', () => {
  test.each([
    'before:noteStopping',
    'after:noteStopping',
    'before:terminate',
    'after:terminate',
    'before:readEnd',
    'after:readEnd',
    'before:finish',
    'after:finish',
  ])('%s', async (fault) => {
    await using daemon = await startDaemon({ config: mounted, env: { DSTACK_FAULT: '' } });
    const cwd = await project();
    const guest = await start(daemon, cwd, 'guest');
    await untilStatus(daemon, cwd, guest, 'running');
    await waitFor(async () => /1/.test(await signed(daemon, cwd, guest)), 'the first attempt to sign');
    await daemon.stop();
    // the second daemon dies at the fault; the command line starts a third
    daemon.env['DSTACK_FAULT'] = fault;
    await daemon.start();
    const { pid } = daemon;
    const owner = await start(daemon, cwd, 'owner');
    await waitFor(() => !isAlive(pid), `the daemon to die ${fault}`);
    daemon.env['DSTACK_FAULT'] = '';
    await untilStatus(daemon, cwd, owner, 'done');
    await untilStatus(daemon, cwd, guest, 'running');
    const { attempts } = await detail(daemon, cwd, guest);
    expect(attempts.map(({ status }) => status)).toEqual(['interrupted', 'running']);
    await daemon.cli(['stop', guest, '-y'], { cwd });
    await untilStatus(daemon, cwd, guest, 'stopped');
    expect(await signed(daemon, cwd, guest)).toBe('1\ntold\n2\ntold\n');
    await untilNothingIsLeft(daemon);
  });
});
