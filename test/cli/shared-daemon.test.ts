/** The command with the daemon that a machine's users share, played by a double; the real one, with real users: test/daemon/users. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchDir } from '../support/scratch.ts';
import { command } from '../support/command.ts';
import { cliMain, node, daemonDouble, refuse } from './support/daemon-double.ts';

/** As root, whose socket is found by the runtime folder's note of the home. */
function machine(home: string) {
  const runtime = scratchDir('r');
  writeFileSync(join(runtime, 'home'), `${home}\n`);
  const cwd = scratchDir('p');
  mkdirSync(join(cwd, '.dstack'));
  writeFileSync(join(cwd, '.dstack/name'), 'lab/project');
  const env = { PATH: process.env['PATH'], HOME: cwd, DSTACK_RUNTIME_DIR: runtime };
  return { cwd, env, cli: (...args: string[]) => command(node, [cliMain, ...args], { cwd, env }) };
}

test("it is found without DSTACK_HOME, and told the project's name", async () => {
  await using double = await daemonDouble();
  double.answers.ps = () => [];
  const m = machine(double.home);
  expect((await m.cli('ps')).stderr).toBe('No runs yet.\n');
  expect(double.asked).toMatchObject([{ verb: 'ps', params: { projectDir: m.cwd, project: 'lab/project' } }]);
});

test('one reached through its home is told when it asks', async () => {
  await using double = await daemonDouble();
  double.answers.tagsList = (params) => (params['project'] === undefined ? refuse('project_unnamed', 'Which?') : []);
  const m = machine(double.home);
  const { code, stderr } = await command(node, [cliMain, 'tags'], { cwd: m.cwd, env: { ...m.env, DSTACK_HOME: double.home } });
  expect(code, stderr).toBe(0);
  expect(double.asked.map(({ params }) => params['project'])).toEqual([undefined, 'lab/project']);
});

test.each([
  ['0.0.1', 'The administrator updates it'],
  ['99.0.0', 'Use the dstack that is installed for all users'],
])('one of version %s is neither replaced nor used', async (version, hint) => {
  await using double = await daemonDouble();
  double.version = version;
  double.answers.ps = () => [];
  const { code, stderr } = await machine(double.home).cli('ps');
  expect(code).toBe(1);
  expect(stderr).toContain(`The daemon of this machine is dstack ${version}`);
  expect(stderr).toContain(hint);
  expect(double.asked.map(({ verb }) => verb)).toEqual(['ps']);
});

test('one that is away is not started', async () => {
  const double = await daemonDouble();
  await double.close();
  for (const args of [['ps'], ['daemon', 'start'], ['run', 'bash', '-c', 'true']]) {
    const { code, stderr } = await machine(double.home).cli(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/daemon of this machine is not running|does not serve you/);
  }
  expect((await machine(double.home).cli('daemon', 'logs')).stderr).toContain('journalctl -u dstackd');
});
