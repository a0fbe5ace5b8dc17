/** Readers of one log that are cut off, stand still, or never read: none loses a byte that it comes back for, costs memory, or holds up the job. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunDetail } from '../../../shared/api.ts';
import { socketPath } from '../../../shared/socket.ts';
import { cuttingProxy } from '../../support/cutting-proxy.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { scratchDir } from '../../support/scratch.ts';
import { tinyImage } from '../../support/tiny-image.ts';
import { waitFor } from '../../support/wait-for.ts';

const dstack = join(import.meta.dirname, '../../../scripts/dstack');
const lines = 60_000;
/** what `seq` prints, as a line of so many characters each */
const printed = Array.from({ length: lines }, (_, i) => `${i + 1}\n`).join('');
const megabytes = 24;

let daemon: TestDaemon;
let cwd: string;
beforeAll(async () => {
  daemon = await startDaemon();
  cwd = scratchDir();
  mkdirSync(join(cwd, '.dstack'));
  const workflow = (name: string, command: string): string =>
    `  - name: ${name}\n    provider: docker\n    image: ${tinyImage}\n    commands: [${JSON.stringify(command)}]\n`;
  // both wait for somebody to say that the readers are there
  const gate = 'until [ -e output/go ]; do sleep 0.02; done;';
  writeFileSync(
    join(cwd, '.dstack/workflows.yaml'),
    `workflows:\n${workflow('begun', `echo begun; ${gate} echo end`)}    artifacts: [output]\n${workflow('count', `${gate} seq ${lines}`)}    artifacts: [output]\n${workflow('much', `${gate} yes 0123456789abcdef0123456789abcdef | head -c ${megabytes}000000; echo; echo end`)}    artifacts: [output]\n`,
  );
});
afterAll(() => daemon[Symbol.asyncDispose]());

/** Starts a run that waits in front of its output; `go` lets it print. */
async function waiting(workflow: string): Promise<{ name: string; go(): Promise<void> }> {
  const { stdout, code, stderr } = await daemon.cli(['run', workflow, '-d'], { cwd });
  expect(stderr, stderr).not.toContain('rror');
  expect(code).toBe(0);
  const name = stdout.trim();
  const { container } = await waitFor(async () => {
    const { attempts, status } = await daemon.json<RunDetail>(['ps', name]);
    return status === 'running' && attempts[0];
  }, `${name} to run`);
  return {
    name,
    go: async () => {
      const child = spawn('docker', ['exec', container as string, 'touch', '/workflow/output/go'], { env: daemon.env, stdio: 'ignore' });
      expect((await once(child, 'exit'))[0]).toBe(0);
    },
  };
}

const followed = (name: string, env: NodeJS.ProcessEnv = daemon.env) => {
  const child = spawn(dstack, ['logs', '-f', name], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  return { child, output: text(child.stdout) };
};

test('a connection that is cut ten times brings every line once and in order', async () => {
  const { name, go } = await waiting('count');
  await using proxy = await cuttingProxy(daemon.home, 10, (cut) => 2_000 + cut * 1_500);
  const { output } = followed(name, { ...daemon.env, DSTACK_HOME: proxy.home });
  const whole = followed(name);
  await go();
  expect((await output) === printed).toBe(true);
  expect(proxy.cuts()).toBe(10);
  expect((await whole.output) === printed).toBe(true);
});

test('`daemon stop` is not undone by those who follow a run: they say so and end, and the run goes on', async () => {
  const { name, go } = await waiting('begun');
  const child = spawn(dstack, ['logs', '-f', name], { cwd, env: daemon.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = text(child.stderr);
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  expect(await daemon.cli(['daemon', 'stop'])).toMatchObject({ code: 0, stdout: 'The daemon has stopped.\n' });
  expect((await ended)[0]).toBe(1);
  expect(await said).toBe(`The daemon was stopped; ${name} goes on.\n\`dstack attach ${name}\` starts it again, and shows the run.\n`);
  expect(await daemon.status()).toBe(null);
  await go();
  await daemon.start();
  expect(await followed(name).output).toBe('begun\nend\n');
});

const memory = (): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1]) / 1000;

/** Asks for a log and reads nothing of it. */
async function neverReads(name: string): Promise<Disposable> {
  const socket = connect(socketPath(daemon.home));
  await once(socket, 'connect');
  socket.pause();
  socket.write(
    `GET /v1/runs/${name}/logs?follow=1 HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  return { [Symbol.dispose]: () => socket.destroy() };
}

test('readers that stand still hold up neither the job nor the others, and cost no memory; one that goes on has all of it', async () => {
  const { name, go } = await waiting('much');
  const before = memory();
  const idle = await Promise.all(Array.from({ length: 12 }, () => neverReads(name)));
  const stopped = followed(name);
  const reading = followed(name);
  stopped.child.kill('SIGSTOP');
  await go();
  const seen = await reading.output;
  expect(seen.length).toBe(megabytes * 1e6 + '\nend\n'.length);
  expect(seen.endsWith('\nend\n')).toBe(true);
  await waitFor(async () => (await daemon.json<RunDetail>(['ps', name])).status === 'done', 'the run to be done');
  // all that was printed would be 12 times 24 MB
  expect(memory() - before).toBeLessThan(100);
  stopped.child.kill('SIGCONT');
  expect((await stopped.output) === seen).toBe(true);
  for (const reader of idle) reader[Symbol.dispose]();
});
