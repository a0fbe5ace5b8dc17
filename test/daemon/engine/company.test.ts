import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { socketsAt } from '../../../daemon/activity/sockets.ts';
import { connectionTables } from '../../../daemon/activity/tables.ts';
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
