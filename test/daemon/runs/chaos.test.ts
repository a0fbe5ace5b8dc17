/**
 * The daemon is killed with SIGKILL 50 times, at instants that a seed chooses, while 30 runs go through. And answers are lost: a submit that is
 * sent again makes no second run.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Client } from '../../../cli/talk/client.ts';
import type { Run } from '../../../shared/api.ts';
import { ownVersion } from '../../../shared/version.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { project, projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ended, lastRun, untilNothingIsLeft, untilStatus } from './fixture.ts';

const kills = 50;
const count = 30;

/** Each prints 500 numbered lines and leaves its mark, once, in a folder of the host. */
const workflow = (name: string, commands: string[], more = ''): string =>
  [`- name: ${name}`, '  provider: bash', '  commands:', ...commands.map((c) => `    - ${JSON.stringify(c)}`), more].join('\n');
const mark = 'echo $RUN_NAME >>/marks/started';
const lines = 'i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo line $i; done';
const fullLog = Array.from({ length: 500 }, (_, i) => `line ${i + 1}\n`).join('');
const workflows = [
  workflow('base', ['echo 42 >data/n'], '  artifacts: [data]'),
  workflow('plain', [mark, lines]),
  workflow('slow', [mark, 'i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo line $i; [ $((i%100)) != 0 ] || sleep 0.5; done']),
  workflow('fails', [mark, lines, 'exit 3']),
  workflow('saves', [mark, lines, 'echo $RUN_NAME >>out/name'], '  artifacts: [out]'),
  workflow(
    'uses',
    [mark, '[ "$(cat data/n)" = 42 ] || exit 9', lines, 'echo $RUN_NAME >>out/name'],
    '  deps: [":base"]\n  artifacts: [out]',
  ),
  workflow('stays', [mark, lines, ': >/marks/ready-$RUN_NAME', 'while :; do sleep 0.1; done']),
].join('\n');
const kinds = ['plain', 'slow', 'fails', 'saves', 'uses', 'stays'] as const;
const endings: Record<(typeof kinds)[number], Partial<Run>> = {
  plain: { status: 'done', exitCode: 0 },
  slow: { status: 'done', exitCode: 0 },
  fails: { status: 'failed', exitCode: 3, reason: 'exit code 3' },
  saves: { status: 'done', exitCode: 0 },
  uses: { status: 'done', exitCode: 0 },
  stays: { status: 'stopped' },
};

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const clientOf = (daemon: TestDaemon): Client =>
  new Client({
    home: daemon.home,
    env: daemon.env,
    version: ownVersion(),
    daemonMain: join(import.meta.dirname, '../../../daemon/main.ts'),
    onNotice: () => {},
  });

const names = (dir: string): string[] => readdirSync(dir).filter((name) => !name.startsWith('.'));

test('30 runs survive 50 kills of the daemon', { timeout: 300_000 }, async () => {
  const seed = Number(process.env['CHAOS_SEED'] ?? randomInt(2 ** 31));
  console.log(`chaos: CHAOS_SEED=${seed}`);
  const random = randomOf(seed);
  const marks = scratchDir('m');
  await using daemon = await startDaemon({ config: { grace_period: '1s', mount_roots: ['/tmp'], mounts: [`${marks}:/marks`] } });
  const cwd = await projectWith(workflows);
  expect(await daemon.cli(['run', 'base', '-t', 'base'], { cwd })).toMatchObject({ code: 0 });

  let unknown = 0;
  /** Through the API, or the real command line; again with the same request until somebody says that it is done. */
  const submit = async (kind: string, i: number): Promise<string> => {
    while (i % 5 === 0) {
      const { code, stdout, stderr } = await daemon.cli(['run', kind, '-d'], { cwd });
      if (code === 0) return stdout.trim();
      // it gives up when daemon after daemon dies under it, and says that it cannot know
      expect(stderr).toMatch(/Whether it did what you asked is not known|starts, and is gone again|could not start/);
      unknown++;
    }
    const request = { requestId: randomUUID(), projectDir: cwd, target: kind, overrides: {}, args: [] };
    const answer = await waitFor(
      async () => {
        const said = await clientOf(daemon).call('submit', request, { repeatable: true });
        return said.ok ? said.value : null;
      },
      `${kind} to be submitted`,
      { seconds: 120 },
    );
    return answer.run.name;
  };
  const stopWhenReady = async (name: string): Promise<void> => {
    await waitFor(() => names(marks).includes(`ready-${name}`), `${name} to print its lines`, { seconds: 200 });
    await waitFor(
      async () => {
        const said = await clientOf(daemon).call('stop', { names: [name], projectDir: cwd });
        return said.ok || said.failure.code === 'finished';
      },
      `${name} to be told to stop`,
      { seconds: 120 },
    );
  };
  const submitted = new Map<string, (typeof kinds)[number]>();
  const stopping: Promise<void>[] = [];
  const submitAll = async (): Promise<void> => {
    const lane = async (first: number): Promise<void> => {
      for (let i = first; i < count; i += 3) {
        const kind = kinds[i % kinds.length] ?? 'plain';
        const name = await submit(kind, i);
        submitted.set(name, kind);
        if (kind === 'stays') stopping.push(stopWhenReady(name));
      }
    };
    await Promise.all([0, 1, 2].map(lane));
    await Promise.all(stopping);
  };
  const killAgainAndAgain = async (): Promise<void> => {
    for (let killed = 0; killed < kills; killed++) {
      const up = daemon.start().catch(() => undefined);
      // the instant is what is tested here: from before the daemon answers up to well into its work
      await delay(random() < 0.75 ? random() * 900 : random() * 3000);
      await daemon.kill();
      await up;
    }
  };
  await Promise.all([submitAll(), killAgainAndAgain().then(() => daemon.start())]);

  // those of which a command line that gave up did not know
  const unfinished = await daemon.json<Run[]>(['ps'], { cwd });
  const unheard = unfinished.filter((run) => run.workflow === 'stays' && !submitted.has(run.name) && !ended.includes(run.status));
  await Promise.all(unheard.map((run) => stopWhenReady(run.name)));
  const runs = await waitFor(
    async () => {
      const all = await daemon.json<Run[]>(['ps', '-a'], { cwd });
      return all.every((run) => ended.includes(run.status)) && all;
    },
    'all runs to end',
    { seconds: 90, every: 200 },
  );
  const seen = runs.filter((run) => run.workflow !== 'base');
  const allNames = seen.map((run) => run.name);
  expect(
    [...submitted.keys()].filter((name) => !allNames.includes(name)),
    'runs that are lost',
  ).toEqual([]);
  expect(submitted.size).toBe(count);
  expect(seen.length - count).toBeLessThanOrEqual(unknown);
  const started = readFileSync(join(marks, 'started'), 'utf8').trim().split('\n');
  expect(started.toSorted()).toEqual(allNames.toSorted());
  for (const run of seen) {
    const kind = run.workflow as (typeof kinds)[number];
    const { name } = run;
    expect(run, name).toMatchObject({ ...endings[kind], attempt: 1 });
    const log = (await daemon.cli(['logs', name], { cwd })).stdout;
    expect(kind === 'stays' ? log.replace(/Terminated\n$/, '') : log, `the log of ${name} (${kind})`).toBe(fullLog);
    if (kind !== 'saves' && kind !== 'uses') continue;
    const out = await project({});
    expect(await daemon.cli(['artifacts', 'download', name, '-o', out], { cwd })).toMatchObject({ code: 0 });
    expect(readFileSync(join(out, 'out/name'), 'utf8')).toBe(`${name}\n`);
  }
  await untilNothingIsLeft(daemon);
  const folders = () => [...names(join(daemon.home, 'workspaces')), ...names(join(daemon.home, 'states'))];
  await waitFor(() => folders().length === 0, 'workspaces and state folders to go').catch(() => expect(folders()).toEqual([]));
});

/** A socket at a home of its own that passes everything on to the daemon; `spoil` decides what becomes of an answer to a submit. */
async function spoiledHome(daemon: TestDaemon, spoil: (answer: Buffer, client: Socket) => void) {
  const home = join(scratchDir('q'), 'home');
  mkdirSync(home, { mode: 0o700 });
  let spoiled = 0;
  const server = createServer((client) => {
    const behind = connect(join(daemon.home, 'dstackd.sock'));
    let lost = false;
    client.on('data', (data: Buffer) => {
      if (spoiled === 0 && data.toString('latin1').startsWith('POST /v1/runs ')) lost = true;
      behind.write(data);
    });
    behind.on('data', (data: Buffer) => {
      if (!lost) return void client.write(data);
      if (spoiled++ === 0) spoil(data, client);
    });
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  }).listen(join(home, 'dstackd.sock'));
  await once(server, 'listening');
  return { home, spoiled: () => spoiled, close: () => void server.close() };
}

test.each([
  ['before it began', (_: Buffer, client: Socket): void => void client.destroy()],
  ['in its middle', (answer: Buffer, client: Socket): void => void client.write(answer.subarray(0, -20), () => void client.destroy())],
] as const)('a submit whose answer is lost %s is sent again, and makes one run', async (_, spoil) => {
  await using daemon = await startDaemon();
  const cwd = await projectWith(workflow('w', ['echo hello']));
  const proxy = await spoiledHome(daemon, spoil);
  const { code, stdout, stderr } = await daemon.cli(['run', 'w', '-d'], { cwd, env: { DSTACK_HOME: proxy.home } });
  proxy.close();
  expect(code, stderr).toBe(0);
  expect(proxy.spoiled()).toBeGreaterThan(0);
  const { name } = await lastRun(daemon, cwd);
  expect(stdout).toBe(`${name}\n`);
  expect(await daemon.json<Run[]>(['ps', '-a'], { cwd })).toHaveLength(1);
  await untilStatus(daemon, cwd, name, 'done');
});

test('the same request twice at once makes one run', async () => {
  await using daemon = await startDaemon();
  const cwd = await projectWith(workflow('w', ['echo hello']));
  const request = { requestId: randomUUID(), projectDir: cwd, target: 'w', overrides: {}, args: [] };
  const answers = await Promise.all([1, 2, 3].map(() => clientOf(daemon).call('submit', request)));
  const { name } = await lastRun(daemon, cwd);
  expect(answers).toMatchObject(answers.map(() => ({ ok: true, value: { run: { name } } })));
  expect(await daemon.json<Run[]>(['ps', '-a'], { cwd })).toHaveLength(1);
  await untilStatus(daemon, cwd, name, 'done');
});
