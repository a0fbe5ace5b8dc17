import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { socketsAt } from '../../../daemon/activity/sockets.ts';
import { processStats } from '../../../daemon/activity/processes.ts';
import { connectionTables } from '../../../daemon/activity/tables.ts';
import { busyTerminals } from '../../../daemon/activity/terminals.ts';
import { engineRequest } from '../../support/engine-api.ts';
import { testContainers } from '../../support/containers.ts';
import { waitFor } from '../../support/wait-for.ts';

const t = testContainers();
const { engine } = t;
afterAll(() => t.clean());

const within = 10_000;

describe('what runs in a container beside its own command', () => {
  it('is counted while somebody holds it open', async () => {
    const name = await t.run('sleep 600');
    const company = await engine.company(name, within);
    expect(company).toMatchObject({ id: (await engine.inspect(name))?.id, attached: 0 });
    const shell = engine.execOutput(name, ['sh', '-c', 'until [ -e /tmp/gone ]; do usleep 50000; done; echo bye'], 60_000);
    await waitFor(async () => (await engine.company(name, within))?.attached === 1, 'it to be seen');
    // nobody looks at what this one does
    await engine.exec(name, ['sleep', '600']);
    expect((await engine.company(name, within))?.attached).toBe(1);
    await engine.exec(name, ['touch', '/tmp/gone']);
    expect(await shell).toBe('bye\r\n');
    expect((await engine.company(name, within))?.attached).toBe(0);
  });

  it('is nothing when it does not run, or is not there', async () => {
    const ended = await t.run('true');
    await waitFor(async () => (await engine.inspect(ended))?.state.status === 'exited', 'its end');
    expect(await engine.company(ended, within)).toBeNull();
    expect(await engine.execOutput(ended, ['true'], within)).toBeNull();
    expect(await engine.company('dstack-test-nothing', within)).toBeNull();
    expect(await engine.execOutput('dstack-test-nothing', ['true'], within)).toBeNull();
  });

  it('has failed, or is not to be found', async () => {
    const name = await t.run('sleep 600');
    expect(await engine.execOutput(name, ['sh', '-c', 'echo so; exit 3'], within)).toBeNull();
    expect(await engine.execOutput(name, ['no-such-program'], within)).toBeNull();
  });
});

describe('the terminals of a container', () => {
  it('are busy with commands and jobs, from outside and from inside, and not with a prompt', async () => {
    const name = await t.run('sleep 600');
    const company = (await engine.company(name, within)) ?? expect.fail('it does not run');
    const inside = { id: company.id, pid: 0 };
    const other = { id: company.id, pid: process.pid };
    const busy = async (container: { id: string; pid: number }): Promise<number> => {
      const { stats, first } = (await processStats(engine, container, within)) ?? expect.fail('nothing is known of it');
      return busyTerminals(stats, first);
    };
    const all = async (): Promise<string> => (await Promise.all([company, inside, other].map(busy))).join();
    expect((await processStats(engine, company, within))?.first).toBe(company.pid);
    expect(await all()).toBe('0,0,0');
    // terminals that nobody looks at: one at its prompt, one with a command, one with a job behind its prompt
    await terminal(name, ': >/tmp/prompt; read -r line');
    await waitFor(async () => (await engine.execOutput(name, ['test', '-e', '/tmp/prompt'], within)) !== null, 'the prompt');
    expect(await all()).toBe('0,0,0');
    const quiet = "sh -c 'until [ -e /tmp/gone ]; do usleep 50000; done'";
    await terminal(name, `${quiet}; read -r line`);
    await terminal(name, `${quiet} & read -r line`);
    await waitFor(async () => (await all()) === '2,2,2', 'both');
    await engine.exec(name, ['touch', '/tmp/gone']);
    await waitFor(async () => (await all()) === '0,0,0', 'their prompts');
    await engine.kill(name, 'SIGKILL');
    expect(await processStats(engine, inside, within)).toBeNull();
  });
});

/** A terminal of its own in a container, with an interactive bash that does this. */
async function terminal(name: string, script: string): Promise<void> {
  const ask = (path: string, body: object) => engineRequest(process.env['DOCKER_HOST'] ?? '', 'POST', path, { body });
  const { body } = await ask(`/containers/${name}/exec`, { Cmd: ['bash', '-ic', script], Tty: true });
  await ask(`/exec/${(JSON.parse(body) as { Id: string }).Id}/start`, { Detach: true, Tty: true });
}

describe('the connections of a container', () => {
  it('are the same from outside and from inside', async () => {
    const name = await t.run('sleep 600 | nc -l -p 7777 >/dev/null');
    const company = (await engine.company(name, within)) ?? expect.fail('it does not run');
    expect(existsSync(`/proc/${company.pid}/net/tcp`)).toBe(true);
    const inside = { id: company.id, pid: 0 };
    const other = { id: company.id, pid: process.pid };
    for (const container of [company, inside, other]) {
      const seen = async () => socketsAt((await connectionTables(engine, container, within)) ?? '', 7777);
      await waitFor(async () => (await seen()).listening, 'its server');
      expect(await seen()).toEqual({ listening: true, open: 0 });
    }
    // it waits for more, and so stays open
    const client = engine.execOutput(name, ['sh', '-c', 'sleep 600 | nc 127.0.0.1 7777'], 600_000).catch(() => null);
    for (const container of [company, inside]) {
      await waitFor(
        async () => socketsAt((await connectionTables(engine, container, within)) ?? '', 7777).open === 1,
        'the connection to be seen',
      );
    }
    await engine.kill(name, 'SIGKILL');
    await client;
  });
});
