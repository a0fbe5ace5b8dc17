/** The command on one machine, the daemon on another: a real sshd on loopback between them, and a home of its own on each side. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Run } from '../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { ensureFakeJupyterImage, fakeJupyterImage } from '../support/fake-jupyter.ts';
import { signal } from '../support/processes.ts';
import { projectWith } from '../support/project.ts';
import { scratchDir } from '../support/scratch.ts';
import { startSshd, type Sshd } from '../support/sshd.ts';
import { waitFor } from '../support/wait-for.ts';

const program = join(import.meta.dirname, '../../scripts/dstack');
let workstation: TestDaemon;
let sshd: Sshd;
let laptop: Record<string, string>;
let cwd: string;

beforeAll(async () => {
  [sshd, workstation] = await Promise.all([
    startSshd(),
    startDaemon({ config: { mount_roots: ['/tmp'] } }),
    ensureFakeJupyterImage(process.env['DOCKER_HOST'] ?? ''),
  ]);
  laptop = {
    ...sshd.env,
    DSTACK_HOST: `${sshd.url}${workstation.home}`,
    DSTACK_HOME: join(scratchDir('h'), 'none'),
    XDG_CACHE_HOME: scratchDir('c'),
  };
  cwd = await projectWith(
    `- name: copy
  provider: bash
  commands: ['cat data.txt', 'cp data.txt out/']
  artifacts: [out]
- name: serve
  provider: bash
  ports: 1
  commands: ['mkdir /tmp/web', 'echo served > /tmp/web/index.html', 'echo begun', 'busybox httpd -f -p $PORT_0 -h /tmp/web']`,
    { '.dstack/name': 'elsewhere', 'data.txt': 'never committed\n' },
  );
}, 120_000);

afterAll(async () => {
  await workstation?.[Symbol.asyncDispose]();
  await sshd?.[Symbol.asyncDispose]();
}, 60_000);

const dstack = (args: string[], env: Record<string, string> = {}) => workstation.cli(args, { cwd, env: { ...laptop, ...env } });
const runs = async (...args: string[]): Promise<Run[]> => JSON.parse((await dstack(['ps', ...args, '--json'])).stdout) as Run[];

/** An attached command, what it says, and its end. */
function attached(args: string[], more: Record<string, string> = {}, dir = cwd) {
  const child = spawn(program, args, { cwd: dir, env: { ...workstation.env, ...laptop, ...more }, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (said.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (said.err += data.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { said, ended, pid: child.pid ?? 0, urls: () => [...said.err.matchAll(/PORT_0: (http:\S+)/g)].map(([, url]) => url ?? '') };
}

const get = async (url: string): Promise<string> => (await fetch(url)).text();

test('a run takes the files of the laptop; its log, artifacts and a command in it come back', async () => {
  const ran = await dstack(['run', 'copy', '-t', 'data']);
  expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: 'never committed\n' });
  const [run] = await runs('-a');
  expect(run).toMatchObject({ project: 'elsewhere', status: 'done' });
  expect((await dstack(['logs', run?.name ?? ''])).stdout).toBe('never committed\n');
  const to = scratchDir('o');
  await dstack(['artifacts', 'download', ':data', '-o', to]);
  expect(readFileSync(join(to, 'out/data.txt'), 'utf8')).toBe('never committed\n');
  expect(existsSync(laptop['DSTACK_HOME'] ?? '')).toBe(false);
  // only their user may use either end
  expect(statSync(join(workstation.home, 'elsewhere.sock')).mode & 0o777).toBe(0o600);
});

test('the project of that name on the workstation is the same one, and its folder another', async () => {
  const [run] = await runs('-a');
  const there = await projectWith("- name: use\n  provider: bash\n  deps: [':data']\n  commands: ['cat out/data.txt']", {
    '.dstack/name': 'elsewhere',
  });
  const used = await workstation.cli(['run', 'use'], { cwd: there });
  expect(used, used.stderr).toMatchObject({ code: 0, stdout: 'never committed\n' });
  // a restart needs no laptop
  expect((await workstation.cli(['restart', run?.name ?? ''], { cwd: there })).stdout).toBe('never committed\n');
});

test('commands share one connection', async () => {
  const before = await sshd.masters();
  await Promise.all([dstack(['ps']), dstack(['tags']), dstack(['ps', '-a'])]);
  expect(before).toHaveLength(1);
  expect(await sshd.masters()).toEqual(before);
});

test('of several at once that find no connection one makes it', async () => {
  for (const pid of await sshd.masters()) signal(pid, 'SIGTERM');
  await waitFor(async () => (await sshd.masters()).length === 0, 'the connection to be gone');
  const ended = await Promise.all([1, 2, 3].map(() => dstack(['ps', '-a'])));
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(await sshd.masters()).toHaveLength(1);
});

test('a port is forwarded while attached, the same one after the connection was cut', async () => {
  const run = attached(['run', 'serve']);
  const url = await waitFor(() => run.urls()[0], 'the URL');
  const [{ name, urls } = expect.fail('no run')] = await runs();
  // the workstation is this machine, on which the port itself is taken
  expect(url).not.toBe(urls[0]?.url);
  await waitFor(async () => (await get(url)) === 'served\n', 'an answer through the forward');
  expect((await dstack(['exec', name, '--', 'cat', '/tmp/web/index.html'])).stdout).toBe('served\n');
  const story = await dstack(['ps', name]);
  expect(story.stdout).toContain(urls[0]?.url);
  expect(story.stderr).toContain(`-p ${sshd.port}`);

  const [master = 0] = await sshd.masters();
  signal(master, 'SIGKILL');
  await waitFor(async () => (await get(url)) === 'served\n', 'an answer through the new connection');
  expect(run.urls()).toEqual([url]);
  expect((await sshd.masters())[0]).not.toBe(master);

  const following = attached(['logs', '-f', name]);
  const other = await waitFor(() => following.urls()[0], 'the URL of the other command');
  expect(await get(other)).toBe('served\n');
  expect(other).not.toBe(url);
  await dstack(['stop', name, '-y']);
  expect(await run.ended).toBe(130);
  expect(run.said.out.match(/begun/g)).toHaveLength(1);
  await following.ended;
  // nothing listens any more
  await expect(get(url)).rejects.toThrow('fetch failed');
  await expect(get(other)).rejects.toThrow('fetch failed');
});

test('`run lab --open` opens a URL of the laptop', async () => {
  const [desktop, state] = [scratchDir('d'), scratchDir('j')];
  writeFileSync(join(desktop, 'xdg-open'), `#!/bin/sh\ncp "$1" ${desktop}/copy && mv ${desktop}/copy ${desktop}/opened\n`, { mode: 0o755 });
  writeFileSync(join(state, 'lab'), 'notebooks\n');
  const there = await projectWith(`- name: lab\n  provider: lab\n  image: ${fakeJupyterImage}\n  mounts: ["${state}:/state"]`);
  const lab = attached(['run', 'lab', '--open'], { PATH: `${desktop}:${laptop['PATH']}` }, there);
  const page = await waitFor(() => existsSync(join(desktop, 'opened')) && readFileSync(join(desktop, 'opened'), 'utf8'), 'a browser');
  const opened = /url=(http:[^"]+)"/.exec(page)?.[1] ?? '';
  const name = lab.said.err.split('\n').find((line) => !line.startsWith('warning: ')) ?? '';
  const { urls } = JSON.parse((await dstack(['ps', name, '--json'])).stdout) as Run;
  expect(lab.said.err).toContain(`JupyterLab: ${opened}`);
  expect(new URL(opened).search).toBe(new URL(urls[0]?.url ?? '').search);
  expect(new URL(opened).port).not.toBe(new URL(urls[0]?.url ?? '').port);
  expect(await get(opened)).toBe('notebooks\n');
  await dstack(['stop', name, '-y']);
  await lab.ended;
});

test('what is on the other machine is said to be there', async () => {
  for (const args of [['config'], ['daemon', 'logs'], ['tags', 'add', 'x', '-a', 'out'], ['daemon', 'install'], ['code', 'any']]) {
    const { code, stderr } = await dstack(args);
    expect(code, args.join(' ')).toBe(1);
    expect(stderr).toContain('on the machine of the daemon');
    expect(stderr).toContain(`ssh -p ${sshd.port}`);
  }
});

test('the daemon is started there by the dstack on its PATH, or it is said how', async () => {
  await workstation.stop();
  expect((await dstack(['daemon', 'status'])).stdout).toBe('The daemon is not running.\n');
  const none = await dstack(['ps']);
  expect(none.code).toBe(1);
  expect(none.stderr).toContain('there is no dstack on the PATH there');
  expect(none.stderr).toContain(`DSTACK_HOME=${workstation.home} dstack daemon start`);

  const there = join(sshd.bin, 'dstack');
  writeFileSync(
    there,
    `#!/bin/sh\nPATH=${process.env['PATH']}\nDOCKER_HOST=${workstation.engine}\nexport PATH DOCKER_HOST\nexec ${program} "$@"\n`,
  );
  chmodSync(there, 0o755);
  const started = await dstack(['ps', '-a']);
  expect(started, started.stderr).toMatchObject({ code: 0 });
  expect(started.stdout).toContain('copy');
  expect((await dstack(['daemon', 'stop'])).stdout).toBe('The daemon has stopped.\n');
  rmSync(there);
  await workstation.start();
});

test('without a connection ssh says why, and we what to do', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const refused = await dstack(['ps'], { DSTACK_HOST: `ssh://127.0.0.1:${port}` });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('Connection refused');
  expect(refused.stderr).toContain('Is its sshd running');
  expect((await dstack(['ps'], { DSTACK_HOST: 'ssh://no-such-host.invalid' })).stderr).toContain('Check the name in DSTACK_HOST');

  sshd.forgeKnownHosts();
  // a URL of its own: there is no connection of that name
  const forged = await dstack(['ps'], { DSTACK_HOST: sshd.url });
  sshd.mendKnownHosts();
  expect(forged.code).toBe(1);
  expect(forged.stderr).toContain('Host key verification failed');
  expect(forged.stderr).toContain(`ssh-keygen -R '[127.0.0.1]:${sshd.port}'`);
  expect((await dstack(['ps'], { DSTACK_HOST: sshd.url.replace(/\/\/[^@]*/, '//nobody-at-all') })).stderr).toContain('ssh-copy-id');
});

test.each(['tcp://workstation', 'workstation', 'ssh://', 'ssh://-oProxyCommand=x', 'ssh://-l@host', 'ssh://a b'])(
  '%s is no address',
  async (url) => {
    const { code, stderr } = await dstack(['ps'], { DSTACK_HOST: url });
    expect(code).toBe(1);
    expect(stderr).toContain('ssh://user@workstation');
  },
);

test('a watch sees the files of the laptop while it is attached to from there, and is told when nobody is', async () => {
  const watched = async () => (await runs())[0];
  const first = attached(['run', 'copy', '--watch']);
  await waitFor(() => first.said.err.includes('attempt 1 ended with exit code 0'), 'the first attempt');
  await waitFor(async () => (await watched())?.watch?.sees === 'client', 'the command to watch');
  writeFileSync(join(cwd, 'data.txt'), 'changed there\n');
  await waitFor(() => first.said.err.includes('attempt 2 ended with exit code 0'), 'the second attempt');
  expect(first.said.out).toBe('never committed\nchanged there\n');
  expect(first.said.err).toContain('attempt 2 · data.txt changed · ');
  signal(first.pid, 'SIGINT');
  expect(await first.ended).toBe(130);
  await waitFor(async () => (await watched())?.watch?.sees === 'nobody', 'nobody to watch');
  const { name = '' } = (await watched()) ?? {};
  expect((await dstack(['ps', name])).stdout).toContain('Watched      by nobody');
  writeFileSync(join(cwd, 'data.txt'), 'while nobody looked\n');
  // seen by whoever comes next
  const second = attached(['attach', name]);
  await waitFor(() => second.said.out.includes('while nobody looked\n'), 'the third attempt');
  await dstack(['stop', name]);
  await second.ended;
  writeFileSync(join(cwd, 'data.txt'), 'never committed\n');
});
