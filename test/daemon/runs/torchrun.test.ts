/** Several nodes of one run on a real engine, with a stand-in for torchrun (test/support/fake-torchrun.ts). */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ArtifactFile, Run, RunDetail } from '../../../shared/api.ts';
import { engineJson, engineRequest } from '../../support/engine-api.ts';
import { torchrunProject, torchrunWorkflow } from '../../support/fake-torchrun.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { daemonOfFile, ended, untilNothingIsLeft, untilStatus } from './fixture.ts';

const marks = scratchDir('m');
const host = daemonOfFile({ config: { mount_roots: ['/tmp'], mounts: [`${marks}:/marks`], retry_delay: '0.2s', grace_period: '5s' } });
const detail = (cwd: string, name: string): Promise<RunDetail> => host.daemon.json<RunDetail>(['ps', name], { cwd });
const start = async (cwd: string, ...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await host.daemon.cli(['run', ...args, '-d'], { cwd });
  expect([code, stderr]).toEqual([0, '']);
  return stdout.trim();
};
const log = async (cwd: string, name: string, ...more: string[]): Promise<string> =>
  (await host.daemon.cli(['logs', name, ...more], { cwd })).stdout;
/** Waits until each node has printed this. */
const untilAllSay = (cwd: string, name: string, nodes: number, text: string): Promise<true> =>
  waitFor(async () => (await log(cwd, name)).split(text).length > nodes, `${nodes} nodes to say ${text}`);
const containerOf = async (cwd: string, name: string, node: number): Promise<string> => {
  const { attempts } = await detail(cwd, name);
  return attempts.findLast(({ job }) => job === node)?.container ?? expect.fail(`node ${node} has no container`);
};
const told = `trap 'echo told; exit 0' TERM`;
const forever = ['echo up', told, 'while :; do sleep 0.1; done'];

test.concurrent('the master first, the others in its network, all with their place and their arguments', async () => {
  const args = ['a b', "it's", '$HOME', 'two\nlines', '*', '', '"', '--lr'];
  const script = [
    'i=0; for arg; do i=$((i + 1)); printf "%s <%s>\\n" $i "$arg"; done',
    'echo "node $NODE_RANK of $NODES, job $JOB_INDEX"',
    // only somebody in the same network reaches it
    'if [ $NODE_RANK = 0 ]; then nc -l -p $MASTER_PORT; else until echo "hello from $NODE_RANK" | nc $MASTER_HOSTNAME $MASTER_PORT; do sleep 0.1; done; fi',
  ];
  const more = ['ports: 1', 'args: ${{ run.args }}', 'env: {SHOW_OPTIONS: 1, PATH: "/workflow/bin:$PATH"}'];
  const workflow = torchrunWorkflow('w', 2, more).replace(/\n {2}env: \[.*/, '');
  const cwd = await torchrunProject([workflow], { w: script });
  const { code, stdout, stderr } = await host.daemon.cli(['run', 'w', '--', ...args], { cwd });
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const of = (node: number): string =>
    stdout
      .split('\n')
      .filter((line) => line.startsWith(`[node ${node}] `))
      .map((line) => line.slice('[node 0] '.length))
      .join('\n');
  const seen = args.map((arg, i) => `${i + 1} <${arg}>\n`).join('');
  const options = (node: number): string =>
    `torchrun --nnodes=2 --node_rank=${node} --nproc_per_node=1 --master_addr=127.0.0.1 --master_port=29500\n`;
  expect(of(0)).toBe(`${options(0)}${seen}node 0 of 2, job 0\nhello from 1`);
  expect(of(1)).toBe(`${options(1)}${seen}node 1 of 2, job 1`);
  const [run] = await host.daemon.json<Run[]>(['ps', '-a'], { cwd });
  const { attempts } = await detail(cwd, run?.name ?? '');
  expect(run).toMatchObject({ status: 'done', exitCode: 0, nodes: 2, reason: null });
  expect(attempts.map(({ job, status }) => [job, status])).toEqual([
    [0, 'done'],
    [1, 'done'],
  ]);
  expect(Date.parse(attempts[0]?.startedAt ?? '')).toBeLessThanOrEqual(Date.parse(attempts[1]?.startedAt ?? ''));
});

test.concurrent('the provider straight from the command line', async () => {
  const cwd = await torchrunProject([], { 'my file': ['echo "$NODE_RANK/$NODES $1 <$2>"'] });
  const { code, stdout } = await host.daemon.cli(
    ['run', 'torchrun', 'my file.sh', '--nodes', '2', '-e', 'PATH=/workflow/bin:$PATH', '--lr', "a 'b"],
    { cwd },
  );
  expect(code).toBe(0);
  expect(stdout.split('\n').filter(Boolean).toSorted()).toEqual(["[node 0] 0/2 --lr <a 'b>", "[node 1] 1/2 --lr <a 'b>"]);
  const single = await host.daemon.cli(['run', 'torchrun', 'my file.sh', '-e', 'PATH=/workflow/bin:$PATH', 'x'], { cwd });
  expect(single).toMatchObject({ code: 0, stdout: '0/1 x <>\n' });
});

test.concurrent('an image without torchrun says so', async () => {
  const cwd = await torchrunProject([], { a: ['true'] });
  const { code, stdout } = await host.daemon.cli(['run', 'torchrun', 'a.sh'], { cwd });
  expect(code).toBe(127);
  expect(stdout).toMatch(/^The image has no torchrun, and no Python with PyTorch: use an image that has it/);
});

describe('a node that ends badly ends the run at once', () => {
  test.concurrent('its exit code and its last lines are those of the run', async () => {
    const cwd = await torchrunProject([torchrunWorkflow('w', 3)], {
      w: ['echo up', told, 'if [ $NODE_RANK = 1 ]; then echo last words; exit 3; fi', 'while :; do sleep 0.1; done'],
    });
    const { code, stderr } = await host.daemon.cli(['run', 'w'], { cwd });
    expect(code).toBe(3);
    expect(stderr).toMatch(/ failed: node 1: exit code 3\nThe last lines of node 1:\n {2}up\n {2}last words\n$/);
    const [run] = await host.daemon.json<Run[]>(['ps', '-a'], { cwd });
    const story = await detail(cwd, run?.name ?? '');
    expect(story).toMatchObject({ status: 'failed', exitCode: 3, reason: 'node 1: exit code 3', culprit: 1 });
    expect(story.attempts.map(({ status, reason }) => [status, reason])).toEqual([
      ['failed', 'ended with node 1: exit code 3'],
      ['failed', 'exit code 3'],
      ['failed', 'ended with node 1: exit code 3'],
    ]);
    const shown = (await host.daemon.cli(['ps', story.name], { cwd })).stdout;
    expect(shown).toMatch(/^Log of 1 +up\n +last words$/m);
    expect(shown).toMatch(/^Nodes +0 \(master\) failed on local.*\n +1 failed on local after .*: exit code 3\n/m);
    expect(await log(cwd, story.name, '--node', '1')).toBe('up\nlast words\n');
    expect(await log(cwd, story.name)).toMatch(
      /^\[node 0\] up\n(\[node 0\] Terminated\n)?\[node 0\] told\n\[node 1\] up\n\[node 1\] last words\n\[node 2\] up\n/,
    );
    expect(await host.daemon.cli(['logs', story.name, '--node', '3'], { cwd })).toMatchObject({
      code: 1,
      stderr: `The run '${story.name}' has no node 3\nIts nodes are 0 to 2\n`,
    });
  });

  test.concurrent.each([
    ['kill?signal=SIGKILL', 'POST', 1, 'node 1: was killed with SIGKILL, not by dstack (exit code 137)', 137],
    ['kill?signal=SIGKILL', 'POST', 0, 'node 0: was killed with SIGKILL, not by dstack (exit code 137)', 137],
    ['?force=1', 'DELETE', 1, expect.stringMatching(/^node 1: .*(removed by somebody else|SIGKILL)/), expect.anything()],
  ] as const)('by %s from outside (%s, node %i)', async (how, method, node, reason, exitCode) => {
    const cwd = await torchrunProject([torchrunWorkflow('w', 2)], { w: forever });
    const name = await start(cwd, 'w');
    await untilAllSay(cwd, name, 2, 'up');
    const container = await containerOf(cwd, name, node);
    await engineRequest(host.daemon.engine, method, `/containers/${container}${how.startsWith('?') ? '' : '/'}${how}`);
    await untilStatus(host.daemon, cwd, name, 'failed');
    expect(await detail(cwd, name)).toMatchObject({ reason, culprit: node });
    if (typeof exitCode === 'number') expect(await detail(cwd, name)).toMatchObject({ exitCode });
    expect(await log(cwd, name, '--node', String(1 - node))).toMatch(/told/);
  });

  test.concurrent('while the others are deaf they are killed', async () => {
    const cwd = await torchrunProject([torchrunWorkflow('w', 2)], {
      w: ["trap '' TERM", 'echo up', '[ $NODE_RANK = 0 ] || exit 4', 'while :; do sleep 0.1; done'],
    });
    const name = await start(cwd, 'w');
    await untilStatus(host.daemon, cwd, name, 'failed');
    const { attempts, exitCode } = await detail(cwd, name);
    expect([exitCode, attempts.map((one) => one.exitCode)]).toEqual([4, [137, 4]]);
  });
});

test.concurrent('a worker that fails when the master is done makes the run failed', async () => {
  const cwd = await torchrunProject([torchrunWorkflow('w', 2, ['artifacts: [out]'])], {
    w: ['[ $NODE_RANK = 0 ] && exit 0', 'echo here', 'until [ -e /marks/$RUN_NAME ]; do sleep 0.1; done', 'exit 5'],
  });
  const name = await start(cwd, 'w', '-t', 'never');
  const waiting = await waitFor(async () => {
    const story = await detail(cwd, name);
    return story.attempts[0]?.finishedAt !== null && story.attempts[1]?.container ? story : null;
  }, 'the master to be done');
  expect(waiting).toMatchObject({ status: 'running', attempts: [{ job: 0, exitCode: 0, container: null }, { job: 1 }] });
  expect((await host.daemon.cli(['ps', name], { cwd })).stdout).toContain('(ended with exit code 0, the others go on)');
  await engineRequest(host.daemon.engine, 'GET', `/containers/${waiting.attempts[1]?.container}/json`);
  await host.daemon.cli(['run', 'bash', '-c', `touch /marks/${name}`], { cwd });
  await untilStatus(host.daemon, cwd, name, ...ended);
  expect(await detail(cwd, name)).toMatchObject({
    status: 'failed',
    exitCode: 5,
    reason: 'node 1: exit code 5',
    attempts: [{ status: 'done' }, { status: 'failed' }],
  });
  expect(await host.daemon.json(['tags', 'list'], { cwd })).toEqual([]);
});

test.concurrent('retry begins all of them again, with what the master saved', async () => {
  const cwd = await torchrunProject([torchrunWorkflow('w', 2, ['retry: 2', 'artifacts: [out]'])], {
    w: ['echo $RUN_ATTEMPT >>out/attempts', '[ $NODE_RANK = 0 ] && exec sleep 0.3', '[ $RUN_ATTEMPT = 3 ] || exit 7'],
  });
  const { code, stderr } = await host.daemon.cli(['run', 'w', '-t', 'tagged'], { cwd });
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const [run] = await host.daemon.json<Run[]>(['ps', '-a'], { cwd });
  const { attempts, name } = await detail(cwd, run?.name ?? '');
  expect(run).toMatchObject({ status: 'done', attempt: 3, tags: ['tagged'] });
  expect(attempts.map(({ job, attempt, status, reason }) => [job, attempt, status, reason])).toEqual([
    ...[1, 2].map((attempt) => [0, attempt, 'interrupted', 'node 1: exit code 7']),
    [0, 3, 'done', null],
    ...[1, 2].map((attempt) => [1, attempt, 'interrupted', 'node 1: exit code 7']),
    [1, 3, 'done', null],
  ]);
  const out = scratchDir('a');
  await host.daemon.cli(['artifacts', 'download', name, '-o', out], { cwd });
  expect(readFileSync(join(out, 'out/attempts'), 'utf8')).toBe('1\n2\n3\n');
  expect(existsSync(join(out, 'node-1'))).toBe(false);
});

test.concurrent('all save where that is asked for; as a dep the master counts', async () => {
  const use = '- name: use\n  provider: bash\n  deps: [w]\n  commands: ["cat out/rank"]';
  const cwd = await torchrunProject([torchrunWorkflow('w', 2, ['artifacts: [out]', 'artifacts_of: all']), use], {
    w: ['echo $NODE_RANK >out/rank'],
  });
  expect(await host.daemon.cli(['run', 'w'], { cwd })).toMatchObject({ code: 0 });
  const [run] = await host.daemon.json<Run[]>(['ps', '-a'], { cwd });
  expect(run?.artifacts).toEqual(['out', 'node-1/out']);
  const files = await host.daemon.json<ArtifactFile[]>(['artifacts', 'list', run?.name ?? ''], { cwd });
  expect(files.map(({ artifact, file }) => [artifact, file])).toEqual([
    ['out', 'rank'],
    ['node-1/out', 'rank'],
  ]);
  const out = scratchDir('a');
  await host.daemon.cli(['artifacts', 'download', run?.name ?? '', '-o', out], { cwd });
  expect([readFileSync(join(out, 'out/rank'), 'utf8'), readFileSync(join(out, 'node-1/out/rank'), 'utf8')]).toEqual(['0\n', '1\n']);
  expect(await host.daemon.cli(['run', 'use'], { cwd })).toMatchObject({ code: 0, stdout: '0\n' });
});

test.concurrent.each([
  ['stop', [], 'stopped', /told/],
  ['abort', ['-x'], 'aborted', /^up\n$/],
] as const)('%s reaches all of them', async (_, options, status, printed) => {
  const cwd = await torchrunProject([torchrunWorkflow('w', 2)], { w: forever });
  const name = await start(cwd, 'w');
  await untilAllSay(cwd, name, 2, 'up');
  await host.daemon.cli(['stop', name, '-y', ...options], { cwd });
  await untilStatus(host.daemon, cwd, name, ...ended);
  const { attempts, ...run } = await detail(cwd, name);
  expect([run.status, run.culprit, attempts.map((one) => one.status)]).toEqual([status, null, [status, status]]);
  for (const node of ['0', '1']) expect(await log(cwd, name, '--node', node)).toMatch(printed);
});

test.concurrent('max_duration is that of all', async () => {
  const cwd = await torchrunProject([torchrunWorkflow('w', 2, ['max_duration: 2s'])], { w: forever });
  const name = await start(cwd, 'w');
  await untilStatus(host.daemon, cwd, name, 'failed');
  expect(await detail(cwd, name)).toMatchObject({ reason: 'ran longer than its max_duration', culprit: null });
});

describe('on a machine with few cores', () => {
  const all = availableParallelism();
  const cores = (count: number, interruptible: boolean): string => `resources: {cpu: ${count}, interruptible: ${interruptible}}`;

  test.concurrent('a gang that fits nowhere is refused, with what is there', async () => {
    const cwd = await torchrunProject([torchrunWorkflow('w', 2, [cores(all, false)])], { w: ['true'] });
    const { code, stderr } = await host.daemon.cli(['run', 'w', '-d'], { cwd });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/2 .*(nodes|jobs).* start together.*room for 1 of them/)]);
  });

  test.concurrent('it waits whole, makes room whole and comes back whole', async () => {
    const guest = torchrunWorkflow('guest', 2, [cores(all / 2, true)]);
    const owner = `- name: owner\n  provider: bash\n  commands: ["true"]\n  ${cores(all / 2, false)}`;
    const cwd = await torchrunProject([guest, owner], { guest: ['echo attempt $RUN_ATTEMPT', ...forever] });
    const name = await start(cwd, 'guest');
    await untilAllSay(cwd, name, 2, 'up');
    expect(await detail(cwd, name)).toMatchObject({ wants: `2 × (${all / 2} ${all / 2 === 1 ? 'core' : 'cores'})` });
    const other = await start(cwd, 'owner');
    await untilStatus(host.daemon, cwd, other, 'done');
    await untilAllSay(cwd, name, 2, 'attempt 2');
    const { attempts } = await detail(cwd, name);
    expect(attempts.map(({ job, attempt, status, reason }) => [job, attempt, status, reason])).toEqual([
      [0, 1, 'interrupted', `made room for ${other}`],
      [0, 2, 'running', null],
      [1, 1, 'interrupted', `made room for ${other}`],
      [1, 2, 'running', null],
    ]);
    await host.daemon.cli(['stop', name, '-y'], { cwd });
    await untilStatus(host.daemon, cwd, name, 'stopped');
  });
});

test.concurrent('the others share the network of the master’s container, of which there is one', async () => {
  const cwd = await torchrunProject([torchrunWorkflow('w', 2, ['ports: [8000]'])], { w: forever });
  const name = await start(cwd, 'w');
  await untilAllSay(cwd, name, 2, 'up');
  type Inspected = { Id: string; HostConfig: { NetworkMode: string; PortBindings: object } };
  const inspect = async (node: number) =>
    engineJson<Inspected>(host.daemon.engine, `/containers/${await containerOf(cwd, name, node)}/json`);
  const [master, worker] = [await inspect(0), await inspect(1)];
  expect(worker.HostConfig.NetworkMode).toBe(`container:${master.Id}`);
  expect(Object.keys(master.HostConfig.PortBindings)).toEqual(['8000/tcp']);
  const { urls } = await detail(cwd, name);
  expect(urls).toHaveLength(1);
  await host.daemon.cli(['stop', name, '-x', '-y'], { cwd });
  await untilStatus(host.daemon, cwd, name, 'aborted');
});

test('of all of them nothing is left', () => untilNothingIsLeft(host.daemon));
