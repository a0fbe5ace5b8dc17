import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../../daemon/logger.ts';
import type { Session } from '../../../daemon/sessions/session.ts';
import { createSessions, type Sessions, type Wish } from '../../../daemon/sessions/sessions.ts';
import { greeting } from '../../../daemon/providers/enter-script.ts';
import { engineRequest } from '../../support/engine-api.ts';
import { testContainers } from '../../support/containers.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';

const t = testContainers();
const { engine } = t;
const logger = createLogger('silent');
let name: string;
let dir: string;
let sessions: Sessions;
beforeAll(async () => {
  name = await t.run('mkdir -p /opt/w /root; echo "echo noise; PATH=/bin; P=profile; export P PATH" >/etc/profile; sleep 1000', {
    env: { PATH: '/mine:/bin', PLAIN: 'as it is' },
    workingDir: '/opt',
  });
  dir = join(scratchDir('s'), 'sessions');
  sessions = createSessions({ engine, dir, logger });
});
afterAll(() => t.clean());

const wish: Wish = { command: null, terminal: false, size: null, term: '', dir: null, exports: [], env: {} };

async function open(command: string[] | null, more: Partial<Wish> = {}): Promise<Session> {
  const opened = await sessions.open(1, name, { ...wish, command, ...more });
  if (!opened.ok) throw new Error(opened.failure.message);
  return opened.value;
}

async function read(session: Session): Promise<{ out: string; err: string; code: number | null }> {
  let [out, err] = ['', ''];
  for await (const { stderr, data } of session.output) {
    if (stderr) err += data.toString();
    else out += data.toString();
  }
  return { out, err, code: await session.exitCode() };
}

const run = async (command: string[] | null, more: Partial<Wish> = {}) => read(await open(command, more));
const processes = async (): Promise<string> => (await run(['ps', '-o', 'args'])).out;

describe('a command', () => {
  it('gets its words byte for byte', async () => {
    const words = ['a b', '$HOME', '`id`', "it's", '"', 'line\nbreak', 'ünï 🦦', '', '*', '--', '-n', '\\', '\x01\x7f', ' '];
    const { out, code } = await run(['sh', '-c', 'for x; do printf "%s\\0" "$x"; done', 'x', ...words]);
    expect(out.split('\0').slice(0, -1)).toEqual(words);
    expect(code).toBe(0);
  });

  it('has what the commands of the job have, and what profiles print is not its output', async () => {
    const exports = [
      ['PATH', '/opt/x/bin:$PATH'],
      ['BOTH', '${PLAIN} and $P'],
    ] as const;
    const { out, err } = await run(['sh', '-c', 'echo "$PATH|$PLAIN|$BOTH|$MINE|$PWD|${DSTACK_PATH-unset}"'], {
      exports,
      env: { MINE: "lit'eral $PATH" },
    });
    expect(out).toBe("/opt/x/bin:/mine:/bin:/bin|as it is|as it is and profile|lit'eral $PATH|/opt|unset\n");
    expect(err).toBe('noise\n');
  });

  it('has its variables without anybody else being told their values, and none of ours', async () => {
    const values = { TOKEN: "s3cr3t 'of' $HOME\n*", EMPTY: '', PATH: '/bin:/s3cr3t' };
    const session = await open(['sh', '-c', 'printf "%s|%s|%s|" "$TOKEN" "$EMPTY" "$PATH"; env | grep DSTACK_; read x'], { env: values });
    const [id] = readdirSync(dir);
    const told = (await engineRequest(process.env['DOCKER_HOST'] ?? '', 'GET', `/exec/${id}/json`)).body;
    expect(told).toContain('dstack-session');
    expect(told).not.toContain('s3cr3t');
    session.input.end('\n');
    expect((await read(session)).out).toBe(`${values.TOKEN}||${values.PATH}|`);
  });

  it('begins in the folder that is asked for', async () => {
    expect((await run(['pwd'], { dir: '/opt/w' })).out).toBe('/opt/w\n');
    expect(await run(['pwd'], { dir: "/no'where" })).toMatchObject({
      out: '',
      code: 125,
      err: expect.stringContaining("dstack: cannot enter /no'where"),
    });
  });

  it.each([
    [['no-such'], 127, "dstack: there is no command 'no-such' in the container's PATH (/mine:/bin:/bin)"],
    [['/no/such'], 127, 'dstack: there is no /no/such in the container'],
    [['/etc/passwd'], 126, 'dstack: /etc/passwd is not executable'],
    [['/etc'], 126, 'dstack: /etc is a folder, not a program'],
  ])('%s cannot be run, and that is said', async (command, code, said) => {
    expect(await run(command)).toMatchObject({ code, err: expect.stringContaining(said) });
  });

  it('on a terminal has its size from the start, and nothing of ours on the screen', async () => {
    const terminal = { terminal: true, size: { columns: 123, rows: 45 }, term: 'no-such-terminal' };
    expect((await run(['sh', '-c', 'stty size; echo $TERM'], terminal)).out).toBe('noise\r\n45 123\r\nxterm-256color\r\n');
  });

  it('passes bytes of any kind both ways', async () => {
    const data = randomBytes(1 << 20);
    const session = await open(['cat']);
    session.input.end(data);
    const got: Buffer[] = [];
    for await (const piece of session.output) if (!piece.stderr) got.push(piece.data);
    expect(Buffer.concat(got).equals(data)).toBe(true);
    expect(await session.exitCode()).toBe(0);
  });

  it('hears signals, with all that it started', async () => {
    const session = await open(['sh', '-c', 'trap "echo heard; exit 5" TERM; echo ready; sleep 4711 & wait']);
    const iterator = session.output[Symbol.asyncIterator]();
    const first: string[] = [];
    while (!first.join('').includes('ready')) first.push(String((await iterator.next()).value?.data));
    await session.signal('TERM');
    expect((await read({ ...session, output: { [Symbol.asyncIterator]: () => iterator } })).code).toBe(5);
    await waitFor(async () => !(await processes()).includes('sleep 4711'), 'its child to end too');
  });
});

describe('a shell', () => {
  it('reads its commands from a pipe', async () => {
    const session = await open(null);
    session.input.end('echo "$0 $PLAIN"; exit 4\n');
    expect(await read(session)).toMatchObject({ out: 'bash as it is\n', code: 4 });
  });

  it('is sh where there is no bash', async () => {
    const bare = await t.run('mv /bin/bash /bin/nobash; sleep 1000', { command: ['sh', '-c', 'rm /bin/bash; sleep 1000'] });
    await waitFor(async () => {
      const session = await sessions.open(1, bare, { ...wish, command: ['test', '!', '-e', '/bin/bash'] });
      return session.ok && (await read(session.value)).code === 0;
    }, 'bash to be gone');
    const opened = await sessions.open(1, bare, { ...wish, terminal: true, size: { columns: 80, rows: 24 }, term: 'vt100' });
    if (!opened.ok) throw new Error(opened.failure.message);
    opened.value.input.write('echo "I am ${0##*/}, ${-##*i*}"\nexit 6\n');
    expect(await read(opened.value)).toMatchObject({ out: expect.stringContaining('I am sh, \r\n'), code: 6 });
  });
});

it('where there is no shell at all the command is run as it is', async () => {
  const bare = await t.run('', { command: ['busybox', 'sh', '-c', 'busybox rm /bin/sh /bin/bash; busybox sleep 1000'] });
  await waitFor(async () => {
    const made = await engine.openExec(bare, { command: ['busybox', 'test', '-e', '/bin/sh'], terminal: false, env: {} });
    for await (const _ of made?.output ?? []);
    return (await made?.exitCode(new AbortController().signal)) === 1;
  }, 'the shell to be gone');
  const opened = await sessions.open(1, bare, {
    ...wish,
    command: ['busybox', 'sh', '-c', 'pwd; echo $A; exit 3'],
    dir: '/etc',
    env: { A: 'b' },
  });
  if (!opened.ok) throw new Error(opened.failure.message);
  expect(await read(opened.value)).toMatchObject({ out: '/etc\nb\n', code: 3 });
  const shell = await sessions.open(1, bare, wish);
  expect(shell).toMatchObject({ ok: false, failure: { code: 'not_begun' } });
});

/** A container whose `/bin/sh` is this program. */
async function withShell(script: string): Promise<string> {
  const program = `#!/bin/bash\n${script}\n`;
  const name = await t.run('', {
    command: ['bash', '-c', `rm /bin/sh; printf %s "$1" >/bin/sh; chmod 755 /bin/sh; : >/ready; sleep 1000`, 'x', program],
  });
  await waitFor(async () => (await engine.execOutput(name, ['test', '-e', '/ready'], 10_000)) !== null, 'its shell');
  return name;
}

describe('an image whose shell is none', () => {
  it.each(['', greeting])('is given up when it prints without an end, and begins with "%s"', async (first) => {
    const bare = await withShell(`printf '%s' '${first}'; while printf %01024d 0; do :; done`);
    const opened = await sessions.open(1, bare, { ...wish, command: ['true'] });
    expect(opened).toMatchObject({ ok: false, failure: { code: 'not_begun', message: expect.stringContaining(`${first}0000`) } });
    expect(opened.ok || opened.failure.message.length).toBeLessThan(5_000);
  });

  it('is waited for only while somebody waits', async () => {
    const bare = await withShell('echo begun >/begun; exec cat >/dev/null');
    const gone = new AbortController();
    const opened = sessions.open(1, bare, { ...wish, command: ['true'] }, gone.signal);
    await waitFor(async () => (await engine.execOutput(bare, ['test', '-e', '/begun'], 10_000)) !== null, 'it to begin');
    gone.abort();
    expect(await opened).toMatchObject({ ok: false, failure: { code: 'not_begun' } });
    expect(await sessions.open(1, name, { ...wish, command: ['true'] }, gone.signal)).toMatchObject({ ok: false });
    // its input is closed, and so it has ended
    await waitFor(async () => !(await engine.execOutput(bare, ['ps', '-o', 'args'], 10_000))?.includes('\ncat'), 'its end');
  });
});

it('is refused where the container does not run', async () => {
  expect(await sessions.open(1, t.name(), { ...wish, command: ['true'] })).toMatchObject({ ok: false, failure: { code: 'not_running' } });
});

describe('hanging up', () => {
  const hangUp = async (session: Session): Promise<void> => {
    const drained = (async () => {
      for await (const _ of session.output);
    })().catch(() => {});
    await session.hangUp();
    await drained;
  };

  it('ends an interactive shell with its jobs, and leaves what was detached on purpose', async () => {
    const session = await open(null, { terminal: true, size: { columns: 80, rows: 24 }, term: 'xterm' });
    session.input.write('sleep 4712 &\n(trap "" HUP; exec sleep 4713) &\nsleep 4714\n');
    await waitFor(async () => (await processes()).match(/^sleep 471[234]$/gm)?.length === 3, 'all three');
    expect(sessions.of(1)).toBe(1);
    await hangUp(session);
    expect(sessions.of(1)).toBe(0);
    const left = await processes();
    expect(left).not.toMatch(/sleep 471[24]|--rcfile/);
    expect(left).toContain('sleep 4713');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('kills what does not listen, at last', async () => {
    const session = await open(['sh', '-c', 'trap "" HUP TERM; while :; do sleep 0.1; done']);
    await waitFor(async () => (await processes()).includes('trap "" HUP'), 'it to begin');
    await hangUp(session);
    expect(await processes()).not.toContain('trap "" HUP');
  });

  it('ends one that prints without an end, and one that is stopped', async () => {
    const [loud, still] = [await open(['yes']), await open(['sh', '-c', 'kill -STOP $$; echo went on'])];
    await waitFor(async () => /\byes\b/.test(await processes()), 'it to print');
    await Promise.all([hangUp(loud), hangUp(still)]);
    expect(await processes()).not.toMatch(/\byes\b|went on/);
  });

  it('is made up for by the next daemon, where one died', async () => {
    const session = await open(['sh', '-c', 'sleep 4715']);
    await waitFor(async () => (await processes()).includes('sleep 4715'), 'it to begin');
    expect(readdirSync(dir)).toHaveLength(1);
    // our own are not taken for a dead one's
    await sessions.recover();
    expect(await processes()).toContain('sleep 4715');
    await createSessions({ engine, dir, logger }).recover();
    expect(await processes()).not.toContain('sleep 4715');
    expect((await read(session)).code).toBe(129);
    expect(readdirSync(dir)).toEqual([]);
  });
});
