/** Images from a real registry: pulled only where absent, with progress and credentials, and pinned for restarts. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Run, RunDetail } from '../../../shared/api.ts';
import { must } from '../../support/command.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { startEngine, type TestEngine } from '../../support/engine.ts';
import { projectWith } from '../../support/project.ts';
import { startRegistry } from '../../support/registry.ts';
import { tinyImage } from '../../support/tiny-image.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ended, lastRun, untilStatus } from './fixture.ts';

let engine: TestEngine;
let daemon: TestDaemon;
beforeAll(async () => {
  engine = await startEngine();
  daemon = await startDaemon({ engine: engine.host });
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

const docker = (...args: string[]): Promise<string> => must('docker', ['-H', engine.host, ...args]);
const workflow = (name: string, image: string, more = ''): string =>
  `- name: ${name}\n  provider: docker\n  image: ${image}\n  commands: ["echo $WHICH from the registry"]\n${more}`;
/** tiny:1 with a variable that tells it apart */
async function variant(which: string): Promise<string> {
  const id = (await docker('create', tinyImage)).trim();
  const name = `dstack-test/which:${which}`;
  await docker('commit', '-c', `ENV WHICH=${which}`, id, name);
  await docker('rm', id);
  return name;
}

describe('a registry that asks who one is', () => {
  const user = { username: 'reader', password: 'open-sesame-71' };
  const auth = '  registry_auth: {username: reader, password: "${{ secrets.REGISTRY }}"}';

  test('serves who has the password; what is here already is not pulled again', async () => {
    const registry = await startRegistry(user);
    const image = await registry.push(engine.host, await variant('private'), 'team/private:1');
    const cwd = await projectWith(workflow('w', image, auth));
    await daemon.cli(['secrets', 'add', 'REGISTRY'], { cwd, input: user.password });
    const first = await daemon.cli(['run', 'w'], { cwd });
    expect(first, first.stderr).toMatchObject({ code: 0, stdout: 'private from the registry\n' });
    expect(daemon.log()).not.toContain(user.password);
    await registry[Symbol.asyncDispose]();
    expect(await daemon.cli(['run', 'w'], { cwd })).toMatchObject({ code: 0, stdout: 'private from the registry\n' });
  });

  test('refuses a wrong password, and the run says so', async () => {
    await using registry = await startRegistry(user);
    const image = await registry.push(engine.host, await variant('hidden'), 'team/hidden:1');
    const cwd = await projectWith([workflow('w', image, auth), workflow('nobody', image)].join('\n'));
    await daemon.cli(['secrets', 'add', 'REGISTRY'], { cwd, input: 'wrong-password' });
    for (const name of ['w', 'nobody']) {
      const { code, stderr } = await daemon.cli(['run', name], { cwd });
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`cannot pull the image ${image}: .*(unauthorized|no basic auth|authentication required)`, 'i'));
      expect(await lastRun(daemon, cwd)).toMatchObject({
        status: 'failed',
        exitCode: null,
        reason: expect.not.stringContaining('docker load'),
      });
    }
  });
});

/** Lets so many bytes of the registry's answers through, and holds the rest until it is opened. */
async function gate(target: string, bytes: number) {
  const [host = '', port = ''] = target.split(':');
  let left = bytes;
  const held = new Set<Socket>();
  const server = createServer((client) => {
    const behind = connect(Number(port), host);
    client.pipe(behind);
    behind.on('data', (data: Buffer) => {
      left -= data.length;
      client.write(data);
      if (left > 0) return;
      behind.pause();
      held.add(behind);
    });
    behind.on('end', () => client.end());
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const)
      one.on('error', () => other.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port');
  return {
    host: `127.0.0.1:${address.port}`,
    open: () => {
      left = Number.POSITIVE_INFINITY;
      for (const socket of held) socket.resume();
    },
    close: () => void server.close(),
  };
}

test('how far the pull is stands in `ps`, and a stop ends it', async () => {
  await using registry = await startRegistry();
  await registry.push(engine.host, await variant('slow'), 'team/slow:1');
  // nothing of it may be here, or there would be nothing to pull
  await docker('image', 'rm', '-f', 'dstack-test/which:slow');
  await using other = await startEngine({ tinyImage: false });
  await using hers = await startDaemon({ engine: other.host });
  const slow = await gate(registry.host, 1_200_000);
  const cwd = await projectWith(workflow('w', `${slow.host}/team/slow:1`));
  const state = async (name: string): Promise<Run> =>
    (await hers.json<Run[]>(['ps', '-a'], { cwd })).find((run) => run.name === name) ?? expect.fail('the run is lost');
  const progress = new RegExp(`^pulling ${slow.host}/team/slow:1, [\\d.]+ .?B of [\\d.]+ .?B(, [\\d.]+ .?B/s)?$`);
  const submit = async (): Promise<string> => (await hers.cli(['run', 'w', '-d'], { cwd })).stdout.trim();

  const first = await submit();
  await waitFor(async () => progress.test((await state(first)).reason ?? ''), 'the progress of the pull');
  expect(await state(first)).toMatchObject({ status: 'preparing' });
  expect(await hers.cli(['stop', first, '-y'], { cwd })).toMatchObject({ code: 0 });
  expect(await untilStatus(hers, cwd, first, ...ended)).toMatchObject({ status: 'stopped' });

  const second = await submit();
  await waitFor(async () => (await state(second)).reason?.startsWith('pulling'), 'the second pull');
  slow.open();
  expect(await untilStatus(hers, cwd, second, ...ended)).toMatchObject({ status: 'done', reason: null });
  expect((await hers.cli(['logs', second], { cwd })).stdout).toBe('slow from the registry\n');
  slow.close();
});

test('a restart takes the very image of the run, also when its tag has moved and it is not here any more', async () => {
  await using registry = await startRegistry();
  const name = await registry.push(engine.host, await variant('old'), 'team/moves:1');
  const cwd = await projectWith(workflow('w', name));
  expect(await daemon.cli(['run', 'w'], { cwd })).toMatchObject({ code: 0, stdout: 'old from the registry\n' });
  const { name: first } = await lastRun(daemon, cwd);
  const { imageDigest } = await daemon.json<RunDetail>(['ps', first], { cwd });
  expect(imageDigest).toMatch(/^sha256:/);
  await docker('image', 'rm', '-f', name, 'dstack-test/which:old');
  await registry.push(engine.host, await variant('new'), 'team/moves:1');
  expect(await daemon.cli(['restart', first], { cwd })).toMatchObject({ code: 0, stdout: 'old from the registry\n' });
  expect(await daemon.json<RunDetail>(['ps', (await lastRun(daemon, cwd)).name], { cwd })).toMatchObject({ imageDigest, restartOf: first });
  expect(await daemon.cli(['run', 'w'], { cwd })).toMatchObject({ code: 0, stdout: 'new from the registry\n' });
});
