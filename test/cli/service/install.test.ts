import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { startDaemon } from '../../../cli/service/process.ts';
import { unitText } from '../../../cli/service/unit.ts';
import { command, type Finished } from '../../support/command.ts';
import { scratchDir } from '../../support/scratch.ts';
import { cliMain, node, root } from '../support/daemon-double.ts';

/** A machine of its own for the command: a home, and a stand-in for systemctl that writes down what it is asked (systemd itself is had nowhere here). */
function machine(systemctl = 'echo "$@" >>"$ASKED"') {
  const dir = scratchDir('m');
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(dir, 'bin/systemctl'), `#!/bin/sh\n${systemctl}\n`);
  chmodSync(join(dir, 'bin/systemctl'), 0o755);
  const env = {
    PATH: `${join(dir, 'bin')}:${process.env['PATH']}`,
    HOME: dir,
    DSTACK_HOME: join(dir, 'home'),
    XDG_CONFIG_HOME: join(dir, 'config'),
    ASKED: join(dir, 'asked'),
  };
  return {
    dir,
    env,
    unit: join(dir, 'config/systemd/user/dstackd.service'),
    cli: (...args: string[]): Promise<Finished> => command(node, [cliMain, 'daemon', ...args], { cwd: dir, env }),
    /** with an /etc of its own, in a mount namespace: the machine's is left alone */
    cliWithOwnEtc: (script: string): Promise<Finished> =>
      command('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', `${ownEtc}\n${script}`, 'sh', dir, node, cliMain], {
        cwd: dir,
        env,
      }),
    asked: (): string[] => (existsSync(env.ASKED) ? readFileSync(env.ASKED, 'utf8').trim().split('\n') : []),
  };
}
const ownEtc = `set -e
mkdir "$1/layers"; mount -t tmpfs tmpfs "$1/layers"; mkdir "$1/layers/upper" "$1/layers/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/layers/upper,workdir=$1/layers/work" /etc
echo 'lab:x:3000:' >>/etc/group
dstack() { "$node" "$main" daemon "$@"; }
node=$2 main=$3
unset DSTACK_HOME`;

test("a user's unit is written, started, written once, and undone", async () => {
  const m = machine();
  const first = await m.cli('install');
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain(`Wrote ${m.unit}.\nThe daemon runs`);
  const unit = readFileSync(m.unit, 'utf8');
  expect(unit).toContain(`ExecStart=${process.execPath.includes(' ') ? '"' : ''}`);
  expect(unit).toContain(`${join(root, 'daemon/main.ts')}\nEnvironment=DSTACK_HOME=${m.env.DSTACK_HOME}\n`);
  expect(unit).toContain('WantedBy=default.target');
  const second = await m.cli('install');
  expect(second.stdout).toContain(`${m.unit} is as it should be.`);
  expect(m.asked()).toEqual([
    '--user daemon-reload',
    '--user enable dstackd.service',
    '--user restart dstackd.service',
    '--user daemon-reload',
    '--user enable dstackd.service',
    '--user start dstackd.service',
  ]);
  expect((await m.cli('uninstall')).stdout).toContain(`Removed ${m.unit}.\nRuns and artifacts are kept in ${m.env.DSTACK_HOME}.`);
  expect(existsSync(m.unit)).toBe(false);
  expect(m.asked().slice(-2)).toEqual(['--user disable --now dstackd.service', '--user daemon-reload']);
  expect((await m.cli('uninstall')).stdout).toContain('nothing is installed');
});

test("the machine's unit, for a group that must exist", async () => {
  const m = machine();
  const { code, stdout, stderr } = await m.cliWithOwnEtc(`
dstack install --system --group nobodies && exit 9
dstack install --system --group lab
cat /etc/systemd/system/dstackd.service
dstack uninstall --system
! test -e /etc/systemd/system/dstackd.service`);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("There is no group 'nobodies'.\nMake it, and add its users: groupadd nobodies");
  expect(stdout).toContain('Members of the group lab use it with the next command');
  expect(stdout).toMatch(/^ExecStart=.*daemon\/main\.ts --system --group lab$/m);
  for (const line of [
    'StateDirectory=dstack',
    'RuntimeDirectoryPreserve=yes',
    'ExecReload=/bin/kill -HUP $MAINPID',
    'WantedBy=multi-user.target',
  ])
    expect(stdout).toContain(`\n${line}\n`);
  expect(stdout).not.toContain('DSTACK_HOME');
  expect(m.asked()).toEqual([
    'daemon-reload',
    'enable dstackd.service',
    'restart dstackd.service',
    'disable --now dstackd.service',
    'daemon-reload',
  ]);
  expect(existsSync('/etc/systemd/system/dstackd.service')).toBe(false);
});

test('only printed, only written below another root', async () => {
  const m = machine();
  const printed = await m.cli('install', '--system', '--group', 'lab', '--print');
  expect(printed.stdout).toContain('--system --group lab');
  const json = await m.cli('install', '--system', '--group', 'lab', '--print', '--json');
  expect(JSON.parse(json.stdout)).toEqual({ unit: '/etc/systemd/system/dstackd.service', text: printed.stdout });
  const image = join(m.dir, 'image');
  expect((await m.cli('install', '--system', '--group', 'lab', '--root', image)).stdout).toContain('Nothing was started');
  expect(readFileSync(join(image, 'etc/systemd/system/dstackd.service'), 'utf8')).toBe(printed.stdout);
  expect((await m.cli('uninstall', '--system', '--root', image)).code).toBe(0);
  expect(m.asked()).toEqual([]);
});

test.each([
  ['is not there', 'exit 127'],
  ['does not answer', 'echo "Failed to connect to bus" >&2; exit 1'],
])('where systemd %s, what to do by hand is said, with the unit', async (_, script) => {
  const m = machine(script);
  const { code, stderr } = await m.cli('install');
  expect(code).toBe(1);
  expect(stderr).toContain('The daemon could not be started by systemd (systemctl --user daemon-reload: ');
  expect(stderr).toContain(`The unit is in ${m.unit}:\n\n[Unit]\n`);
  expect(stderr).toContain('With another init let it keep this running: ');
});

test.each([
  [['install', '--system'], 'Name the group of its users'],
  [['install', '--group', 'lab'], '--group goes with --system'],
])('%s is refused', async (args, why) => {
  const { code, stderr } = await machine().cli(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(why);
});

test('where systemd takes its time to start the daemon, that is said', async () => {
  const m = machine('sleep 0.8; exit 1');
  const where = { home: m.env.DSTACK_HOME, socket: join(m.dir, 'socket'), env: m.env, main: join(m.dir, 'daemon.js') };
  // what follows is over at once
  writeFileSync(where.main, 'process.exit(3)');
  mkdirSync(dirname(m.unit), { recursive: true });
  writeFileSync(m.unit, unitText({ kind: 'user', main: where.main, home: where.home, log: join(m.dir, 'log'), dockerHost: null }));
  const said: boolean[] = [];
  const result = await startDaemon(where, () => said.push(existsSync(where.home)));
  expect(result).toMatchObject({ failure: { code: 'daemon_died' } });
  // while systemd was asked, before a process of our own had its folder
  expect(said).toEqual([false]);
});
