import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Client, compose } from '../../../cli/talk/client.ts';
import { ownVersion } from '../../../shared/version.ts';
import { command } from '../../support/command.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { cliMain, daemonDouble, node, root, written } from '../support/daemon-double.ts';

let home: string;
let notices: string[];
const lives = (): string[] => (existsSync(join(home, 'lives')) ? readFileSync(join(home, 'lives'), 'utf8').trim().split('\n') : []);
const alive = (pid: string): boolean => existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
const client = (env: NodeJS.ProcessEnv = {}, version = ownVersion()): Client =>
  new Client({
    home,
    env: { PATH: process.env['PATH'], ...env },
    version,
    daemonMain: join(root, 'test/cli/support/double-main.ts'),
    onNotice: (notice) => notices.push(notice),
  });

beforeEach(() => {
  home = join(scratchDir('c'), 'home');
  notices = [];
});
afterEach(async () => {
  for (const pid of lives().filter(alive)) process.kill(Number(pid), 'SIGKILL');
  await waitFor(() => !lives().some(alive), 'the doubles to end');
});

describe('where a parameter goes', () => {
  test.each([
    ['run', { name: 'a/b c' }, { path: '/v1/runs/a%2Fb%20c' }],
    ['ps', { projectDir: '/x y', all: true }, { path: '/v1/runs?projectDir=%2Fx+y&all=1' }],
    ['ps', { projectDir: '/x', all: false }, { path: '/v1/runs?projectDir=%2Fx' }],
    ['gc', { dryRun: true, other: undefined }, { path: '/v1/gc', body: '{"dryRun":true}' }],
  ] as const)('%s %j', (verb, params, request) => expect(compose(verb, params, {})).toMatchObject(request));
});

describe('when there is no daemon', () => {
  test('one is started, in a private home, and told its home', async () => {
    const status = await client().call('daemonStatus', {});
    expect(status).toMatchObject({ ok: true, value: { home, pid: Number(lives()[0]) } });
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(statSync(join(home, 'daemon.log')).mode & 0o777).toBe(0o600);
  });

  test('ten at once end with one daemon and ten answers', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => client({ DOUBLE_DELAY: '300' }).call('daemonStatus', {})));
    expect(answers.map((answer) => answer.ok && answer.value.pid)).toEqual(Array.from({ length: 10 }, () => Number(lives()[0])));
    expect(lives()).toHaveLength(1);
  });

  test('a stale socket file does not count', async () => {
    mkdirSync(home);
    const server = createServer().listen(join(home, 'old.sock'));
    await new Promise((resolve) => server.once('listening', resolve));
    execFileSync('cp', ['-a', join(home, 'old.sock'), join(home, 'dstackd.sock')]);
    await new Promise((resolve) => server.close(resolve));
    expect((await client().call('daemonStatus', {})).ok).toBe(true);
  });

  test('one that takes its time is announced once', async () => {
    expect((await client({ DOUBLE_DELAY: '1200' }).call('daemonStatus', {})).ok).toBe(true);
    expect(notices).toEqual(['Starting the daemon…']);
  });

  test('one that dies says why in its own words', async () => {
    expect(await client({ DOUBLE_FATAL: 'the database is of a newer version' }).call('daemonStatus', {})).toEqual({
      ok: false,
      failure: {
        code: 'daemon_died',
        message: 'The daemon could not start: the database is of a newer version',
        hint: `Its log: ${join(home, 'daemon.log')}`,
      },
    });
  });

  test('when the winner of the race comes to nothing, the next one is started', async () => {
    mkdirSync(home);
    // the lock of a daemon that is about to die
    writeFileSync(join(home, 'lock'), '');
    const asked = client().call('daemonStatus', {});
    await waitFor(() => existsSync(join(home, 'daemon.log')), 'the first one to be started');
    execFileSync('rm', [join(home, 'lock')]);
    expect(await asked).toMatchObject({ ok: true });
  });

  test('a home that cannot be made is a sentence', async () => {
    writeFileSync(home, 'a file');
    expect(await client().call('daemonStatus', {})).toMatchObject({
      ok: false,
      failure: { code: 'home_unusable', message: expect.stringContaining(home) },
    });
  });

  test('one below /proc too: no folder can be made there, and Node tries for ever', async () => {
    const said = await command(node, [cliMain, 'ps'], {
      env: { PATH: process.env['PATH'], DSTACK_HOME: '/proc/nosuch/h', HOME: '/proc/nosuch' },
    });
    expect(said).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^Cannot use \/proc\/nosuch\/h: ENOENT.*\nMake it a folder of your own, or set DSTACK_HOME to another\.\n$/,
      ),
    });
  });

  test('it can be left at that', async () => {
    expect(await client().call('daemonStatus', {}, { start: false })).toMatchObject({ ok: false, failure: { code: 'daemon_absent' } });
    expect(lives()).toEqual([]);
  });
});

describe('versions', () => {
  test('an older daemon is replaced, and asked once more what it refused', async () => {
    await client({ DOUBLE_VERSION: '0.0.1' }, '0.0.1').call('daemonStatus', {});
    expect(await client().call('secretsList', { projectDir: '/' })).toEqual({ ok: true, value: [] });
    expect(notices).toEqual([expect.stringContaining('Replacing the daemon of dstack 0.0.1')]);
    expect(lives()).toHaveLength(2);
    expect(await client().call('daemonStatus', {})).toMatchObject({ value: { version: ownVersion() } });
  });

  test('what an older daemon has done is not done again', async () => {
    const stop = (): object => {
      setImmediate(() => void daemon.close());
      return { stopping: true };
    };
    await using daemon = await daemonDouble({ submit: () => ({ run: {}, warnings: [] }), daemonStop: stop }, home);
    daemon.version = '0.0.1';
    const request = { requestId: 'x', projectDir: '/', target: 't', overrides: {}, args: [] };
    expect((await client().call('submit', request)).ok).toBe(true);
    expect(daemon.asked.map(({ verb }) => verb)).toEqual(['submit', 'daemonStop']);
    expect(existsSync(join(home, 'asked')), 'the new daemon was not asked').toBe(false);
    expect(lives()).toHaveLength(1);
  });

  test('a newer daemon is left alone', async () => {
    await using daemon = await daemonDouble({ ps: () => [] }, home);
    daemon.version = '99.0.0';
    expect(await client().call('ps', { projectDir: '/' })).toMatchObject({
      ok: false,
      failure: { code: 'daemon_newer', message: expect.stringContaining('99.0.0') },
    });
    expect(daemon.asked[0]?.version).toBe(ownVersion());
    expect(lives()).toEqual([]);
  });
});

function cut(response: ServerResponse): typeof written {
  response.destroy();
  return written;
}

describe('a daemon that goes away in the middle', () => {
  test('is asked again where that does no harm, and not otherwise', async () => {
    let calls = 0;
    await using daemon = await daemonDouble(
      {
        ps: (_, response) => (++calls < 3 ? cut(response) : []),
        gc: (_, response) => cut(response),
      },
      home,
    );
    expect(await client().call('ps', { projectDir: '/' })).toEqual({ ok: true, value: [] });
    expect(calls).toBe(3);
    expect(await client().call('gc', {})).toMatchObject({ ok: false, failure: { code: 'daemon_gone' } });
    expect(daemon.asked.filter(({ verb }) => verb === 'gc')).toHaveLength(1);
  });
});

test('an answer that is no JSON is a failure', async () => {
  await using _ = await daemonDouble({ df: (_params, response) => response.end('<html>') && written }, home);
  expect(await client().call('df', {})).toMatchObject({ ok: false, failure: { code: 'daemon_garbled' } });
});

test('another user is told whose socket it is', async () => {
  await using _ = await daemonDouble({}, home);
  chmodSync(join(home, '..'), 0o755);
  chmodSync(home, 0o755);
  // root plays somebody else; anybody else is kept out by the mode alone
  const isRoot = process.getuid?.() === 0;
  chmodSync(join(home, 'dstackd.sock'), isRoot ? 0o600 : 0);
  const script = `const { Client } = await import('${root}/cli/talk/client.ts'); const r = await new Client({ home: '${home}', env: {}, version: '${ownVersion()}', daemonMain: '', onNotice() {} }).call('df', {}); console.log(r.failure.code)`;
  expect(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { ...(isRoot && { uid: 65_534, gid: 65_534 }), env: {} })
      .toString()
      .trim(),
  ).toBe('socket_denied');
});
