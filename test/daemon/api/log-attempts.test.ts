/** The attempts of a watch as its user counts them: each whole, in order, whichever container they ran in and however the connection was cut. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { LogEvent, RunDetail } from '../../../shared/api.ts';
import { socketPath } from '../../../shared/socket.ts';
import { cuttingProxy } from '../../support/cutting-proxy.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { scratchDir } from '../../support/scratch.ts';
import { tinyImage } from '../../support/tiny-image.ts';
import { waitFor } from '../../support/wait-for.ts';

const dstack = join(import.meta.dirname, '../../../scripts/dstack');
let daemon: TestDaemon;
let cwd: string;
let run: string;

/** The workflow's file; another `word` makes it another workflow, and needs a fresh container. */
const workflow = (word: string): void =>
  writeFileSync(
    join(cwd, '.dstack/workflows.yaml'),
    `workflows:\n  - name: w\n    provider: docker\n    image: ${tinyImage}\n    watch: {paths: [file, .dstack]}\n    commands: [${JSON.stringify(`echo ${word} \${RUN_ATTEMPT}; cat file; seq 1 3000; printf '1%%\\r99%%'`)}]\n`,
  );
const edit = (content: string): void => writeFileSync(join(cwd, 'file'), `${content}\n`);
const ended = (attempt: number): Promise<unknown> =>
  waitFor(
    async () => {
      const { watch } = await daemon.json<RunDetail>(['ps', run]);
      return watch?.attempt === attempt && watch.phase === 'ended';
    },
    `attempt ${attempt} to end`,
    { seconds: 60 },
  );
const numbers = Array.from({ length: 3000 }, (_, i) => `${i + 1}\r\n`).join('');
const printed = (word: string, attempt: number, content: string): string => `${word} ${attempt}\r\n${content}\r\n${numbers}1%\r99%`;
const shown = (raw: string): string => raw.replaceAll('\r\n', '\n').replace('1%\r', '');
const attempts = [printed('one', 1, 'a'), printed('one', 2, 'b'), printed('two', 3, 'b'), printed('two', 4, 'c')];

beforeAll(async () => {
  daemon = await startDaemon();
  cwd = scratchDir();
  mkdirSync(join(cwd, '.dstack'));
  workflow('one');
  edit('a');
  run = (await daemon.cli(['run', 'w', '-d', '--watch'], { cwd })).stdout.trim();
});
afterAll(() => daemon[Symbol.asyncDispose]());

/** What the daemon sends for this query: the bytes by attempt, in the order of its events, until it has said how the run ended or `enough`. */
async function frames(query: string, enough: (seen: Map<number, string>) => boolean = () => false): Promise<Map<number, string>> {
  const createConnection = (() => connect(socketPath(daemon.home))) as unknown as typeof connect;
  const socket = new WebSocket(`ws://d/v1/runs/${run}/logs?${query}`, { createConnection });
  const seen = new Map<number, string>();
  let attempt = 0;
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    const event = isBinary ? null : (JSON.parse(data.toString()) as LogEvent);
    if (event?.type === 'offset') attempt = event.attempt;
    if (event?.type === 'offset' && !seen.has(attempt)) seen.set(attempt, '');
    if (isBinary) seen.set(attempt, seen.get(attempt) + data.toString());
    if (event?.type === 'end' || enough(seen)) socket.close();
  });
  await once(socket, 'close');
  return seen;
}

test('followers get each attempt whole and in order, over a cut connection too, and none sees what stands between them', async () => {
  await ended(1);
  await using proxy = await cuttingProxy(daemon.home, 6, (cut) => 3_000 + 1_700 * cut);
  const follower = (env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> => {
    const child = spawn(dstack, ['logs', '-f', '--attempt', '1', run, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
    return text(child.stdout);
  };
  const plain = follower({ ...daemon.env, DSTACK_HOME: proxy.home });
  const raw = follower(daemon.env, '--raw');
  const live = frames('follow=1');
  edit('b');
  await ended(2);
  workflow('two');
  await ended(3);
  // somebody who lost the connection in the middle of the first, and comes back after two others
  const late = await frames(`follow=1&attempt=1&from=${attempts[0]!.length - 50}`, (seen) => seen.get(3) === attempts[2]);
  expect([...late]).toEqual([
    [1, attempts[0]!.slice(-50)],
    [2, attempts[1]],
    [3, attempts[2]],
  ]);
  edit('c');
  await ended(4);
  await daemon.cli(['stop', run, '-y'], { cwd, seconds: 60 });
  expect(await raw).toBe(attempts.join(''));
  expect(await plain).toBe(attempts.map(shown).join('\n'));
  expect(proxy.cuts()).toBe(6);
  expect([...(await live)]).toEqual(attempts.map((one, i) => [i + 1, one]));
});

test('each is read by its number, the newest without one, and all are searched', async () => {
  const logs = (...args: string[]) => daemon.cli(['logs', ...args], { cwd });
  for (const [i, one] of attempts.entries()) expect((await logs('--raw', run, '--attempt', String(i + 1))).stdout).toBe(one);
  expect((await logs('--raw', run)).stdout).toBe(attempts[3]);
  expect((await logs(run, '--attempt', '2', '--tail', '3')).stdout).toBe('2999\n3000\n99%');
  expect(await logs(run, '--attempt', '5')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('has no attempt 5\nIt has had 4 attempts'),
  });
  expect((await logs('-a', '--grep', '^(one|two) \\d$')).stdout).toBe(
    `${run}  1  one 1\n${run}  2  one 2\n${run}  3  two 3\n${run}  4  two 4\n`,
  );
  expect(await logs('-a', '--grep', '7746')).toMatchObject({ code: 1, stdout: '' });
  expect((await frames('')).get(4)).toBe(attempts[3]);
});

test('a daemon that is killed between two attempts loses nothing of either', async () => {
  workflow('one');
  edit('a');
  run = (await daemon.cli(['run', 'w', '-d', '--watch'], { cwd })).stdout.trim();
  await ended(1);
  const child = spawn(dstack, ['logs', '-f', '--raw', run], { cwd, env: daemon.env, stdio: ['ignore', 'pipe', 'ignore'] });
  const all = text(child.stdout);
  await once(child.stdout, 'readable');
  await daemon.kill();
  // the command that follows starts it again
  await ended(1);
  edit('b');
  await ended(2);
  await daemon.cli(['stop', run, '-y'], { cwd, seconds: 60 });
  expect(await all).toBe(attempts[0]! + attempts[1]!);
  expect((await daemon.cli(['logs', '--raw', run, '--attempt', '1'], { cwd })).stdout).toBe(attempts[0]);
});
