/**
 * Dev environments that nobody uses, on a real engine. Their server is a fake one (test/support/fake-jupyter.ts) that says what the test wants it to say;
 * test/servers has real ones. When one that is left alone has ended, those that were started before it would have too, if they were idle.
 */
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Run, RunDetail } from '../../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { engineRequest } from '../../support/engine-api.ts';
import { ensureFakeJupyterImage, fakeJupyter, fakeJupyterImage, type FakeJupyter } from '../../support/fake-jupyter.ts';
import { projectWith } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';
import { untilStatus } from './fixture.ts';

const stopped = { status: 'stopped', reason: 'nobody used it for 4s (inactivity_duration)' };

interface Environment {
  cwd: string;
  name: string;
  server: FakeJupyter;
}

/** What keeps one from being idle: `use` begins it, and what it gives ends it. */
interface Use {
  more?: string;
  use(one: Environment): (() => void) | Promise<() => void>;
}

const uses = {
  'a kernel is busy, without a browser': {
    use: ({ server }) => {
      server.kernel('busy');
      return () => server.kernel('idle');
    },
  },
  'a browser has a connection open': {
    async use(one) {
      const { port } = new URL((await now(one)).urls[0]?.url ?? '');
      const browser = connect(Number(port), '127.0.0.1');
      await once(browser, 'connect');
      // the server waits for the rest
      browser.write('GET /api/kernels HTTP/1.1\r\n');
      return () => {
        expect(browser.closed).toBe(false);
        browser.destroy();
      };
    },
  },
  'somebody works in its container': {
    async use({ cwd, name, server }) {
      const { attempts } = await daemon.json<RunDetail>(['ps', name], { cwd });
      const ask = (path: string, body: object): Promise<{ body: string }> => engineRequest(daemon.engine, 'POST', path, { body });
      const shell = { Cmd: ['sh', '-c', 'until [ -e /state/gone ]; do usleep 200000; done'], AttachStdout: true };
      const { Id } = JSON.parse((await ask(`/containers/${attempts[0]?.container}/exec`, shell)).body) as { Id: string };
      void ask(`/exec/${Id}/start`, { Detach: false });
      return () => server.file('gone');
    },
  },
  'a quiet command runs in a terminal': {
    async use({ cwd, name, server }) {
      const { attempts } = await daemon.json<RunDetail>(['ps', name], { cwd });
      const ask = (path: string, body: object): Promise<{ body: string }> => engineRequest(daemon.engine, 'POST', path, { body });
      // then it is at its prompt
      const script = "sh -c 'until [ -e /state/quiet ]; do sleep 1; done'; read -r line";
      const { Id } = JSON.parse(
        (await ask(`/containers/${attempts[0]?.container}/exec`, { Cmd: ['bash', '-ic', script], Tty: true })).body,
      ) as { Id: string };
      await ask(`/exec/${Id}/start`, { Detach: true, Tty: true });
      return () => server.file('quiet');
    },
  },
  'something computes in it': {
    more: '  env: [BURN=1]\n',
    use:
      ({ server }) =>
      () =>
        server.file('calm'),
  },
  'its server is not up': {
    more: '  env: [DELAY=1]\n',
    use:
      ({ server }) =>
      () =>
        server.file('up'),
  },
} satisfies Record<string, Use>;

let daemon: TestDaemon;
beforeAll(async () => {
  await ensureFakeJupyterImage(process.env['DOCKER_HOST'] ?? '');
  daemon = await startDaemon({ config: { mount_roots: ['/'], inactivity_duration: '4s' } });
});
afterAll(() => daemon?.[Symbol.asyncDispose]());

/** One that runs. Where `more` says nothing of it, it may be left alone for four seconds: so says the config. */
async function start(more = ''): Promise<Environment> {
  const server = fakeJupyter();
  const mounts = `  mounts: ["${server.dir}:/state:ro"]\n`;
  const cwd = await projectWith(`- name: lab\n  provider: lab\n  image: ${fakeJupyterImage}\n${mounts}${more}`);
  const { stdout, stderr } = await daemon.cli(['run', 'lab', '-d'], { cwd });
  if (stdout === '') throw new Error(stderr);
  const { name } = await untilStatus(daemon, cwd, stdout.trim(), 'running');
  return { cwd, name, server };
}

const now = async ({ cwd, name }: Environment): Promise<Run> =>
  (await daemon.json<Run[]>(['ps', '-a'], { cwd })).find((run) => run.name === name) ?? expect.fail(`no run ${name}`);
/** How many of the records have a warning: seen sooner there than by any command. */
function warnings(): number {
  const logs = join(daemon.home, 'logs');
  const records = readdirSync(logs).map((run) => join(logs, run, '0-1.log'));
  return records.filter((record) => existsSync(record) && readFileSync(record, 'utf8').includes('dstack: nobody has used')).length;
}
const untilEnded = ({ cwd, name }: Environment): Promise<Run> => untilStatus(daemon, cwd, name, 'stopped', 'failed', 'done', 'aborted');

describe('a dev environment', () => {
  test('that is left alone is warned, then stopped, and not while it is used', async () => {
    const used = await Promise.all(
      Object.entries<Use>(uses).map(async ([what, { more, use }]) => {
        const one = await start(more);
        return { what, one, end: await use(one) };
      }),
    );
    const alone = await start();
    expect(await untilEnded(alone)).toMatchObject(stopped);
    const inUse = await Promise.all(used.map(async ({ what, one }) => `${(await now(one)).status} while ${what}`));
    expect(inUse).toEqual(used.map(({ what }) => `running while ${what}`));
    for (const { end } of used) end();
    for (const { one } of used) expect(await untilEnded(one)).toMatchObject(stopped);

    const { stdout } = await daemon.cli(['logs', alone.name], { cwd: alone.cwd });
    expect(stdout).toMatch(/^dstack: nobody has used this environment for \d s; it stops in \d s \(inactivity_duration\)/m);
    const story = await daemon.cli(['ps', alone.name], { cwd: alone.cwd });
    expect(story.stdout).toMatch(/^Reason +nobody used it for 4s \(inactivity_duration\)$/m);
    expect(story.stdout).toMatch(/^Unused limit +4s$/m);
  });

  test('is not warned any more when somebody comes back, and begins anew with another daemon', async () => {
    const before = warnings();
    const one = await start('  inactivity_duration: 5s\n');
    await waitFor(() => warnings() > before, 'a warning', { seconds: 60, every: 5 });
    // it stays as it is as long as nothing can be seen
    one.server.hide();
    expect(await now(one)).toMatchObject({
      status: 'running',
      reason: expect.stringMatching(/^idle for \d+ s, stops in \d s \(inactivity_duration\)$/) as string,
    });
    one.server.touch();
    one.server.show();
    await waitFor(async () => (await now(one)).reason === null, 'the warning to be withdrawn', { seconds: 30, every: 50 });
    one.server.hide();
    expect((await now(one)).status).toBe('running');
    await daemon.kill();
    one.server.show();
    const killed = Date.now();
    await daemon.start();
    const { status, reason, finishedAt } = await untilEnded(one);
    expect({ status, reason }).toEqual({ status: 'stopped', reason: 'nobody used it for 5s (inactivity_duration)' });
    expect(Date.parse(finishedAt ?? '') - killed).toBeGreaterThan(5_000);
  });
});
