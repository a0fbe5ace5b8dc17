/** Where the home lies, and who shares what: odd paths, many command lines at once, two installations on one engine. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import { command } from '../../support/command.ts';
import { startDaemon } from '../../support/daemon.ts';
import { networkDisk } from '../../support/network-disk.ts';
import { commandLine, processesWith } from '../../support/processes.ts';
import { project, projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { untilNothingIsLeft, untilStatus } from './fixture.ts';

test.each([
  ['a colon, a comma and blanks', 'my runs: one, two'],
  ['a very long path', Array.from({ length: 12 }, (_, i) => `folder-number-${i}`).join('/')],
  ['quotes, a backslash and letters of the world', `"it's" \\ größer 実験`],
])('a home with %s works', async (_, path) => {
  const home = join(scratchDir('o'), path, 'home');
  await using daemon = await startDaemon({ home });
  const cwd = await projectWith(
    '- name: a\n  provider: bash\n  commands: ["cat here.txt; echo 1 >here.txt; echo 42 >out/n"]\n  artifacts: [out]\n- name: b\n  provider: bash\n  commands: ["cat out/n"]\n  deps: [a]',
    { 'here.txt': 'here\n' },
  );
  expect(await daemon.cli(['run', 'a'], { cwd })).toMatchObject({ code: 0, stdout: 'here\n' });
  expect(await daemon.cli(['run', 'b'], { cwd })).toMatchObject({ code: 0, stdout: '42\n' });
  const out = await project({});
  expect(
    await daemon.cli(['artifacts', 'download', (await daemon.json<Run[]>(['ps', '-a'], { cwd })).at(-1)?.name ?? '', '-o', out], { cwd }),
  ).toMatchObject({ code: 0 });
  expect(statSync(join(home, 'dstackd.sock')).mode & 0o777).toBe(0o600);
  await untilNothingIsLeft(daemon);
});

test('a home on a network file system is refused, with what to do', async () => {
  await using disk = await networkDisk();
  const root = join(import.meta.dirname, '../../..');
  const env = { ...process.env, DSTACK_HOME: disk.path };
  const { code, stderr } = await command(join(root, 'node_modules/.bin/node'), [join(root, 'daemon/main.ts')], { env, cwd: root });
  expect(code).toBe(1);
  expect(stderr).toContain(`dstackd: ${disk.path} is on a network file system (fuse.sshfs)`);
  expect(stderr).toContain('set DSTACK_HOME to a folder on a local disk');
});

test('ten command lines at once start one daemon', async () => {
  await using daemon = await startDaemon({ start: false });
  const cwd = await projectWith('- name: w\n  provider: bash\n  commands: ["echo hello"]');
  const all = await Promise.all(Array.from({ length: 10 }, () => daemon.cli(['run', 'w', '-d'], { cwd })));
  expect(all.map(({ code, stderr }) => `${code} ${stderr.replace('Starting the daemon…\n', '')}`)).toEqual(all.map(() => '0 '));
  const daemons = (): number[] =>
    processesWith('DSTACK_HOME', daemon.home).filter((pid) => commandLine(pid).some((word) => word.endsWith('/daemon/main.ts')));
  // those that came second end by themselves
  await waitFor(() => daemons().length === 1, 'one daemon to remain');
  expect(await daemon.status()).toMatchObject({ pid: daemons()[0] });
  const names = all.map(({ stdout }) => stdout.trim());
  expect(new Set(names).size).toBe(10);
  for (const name of names) await untilStatus(daemon, cwd, name, 'done');
  await untilNothingIsLeft(daemon);
});

test('two daemons on one engine leave each other alone', async () => {
  await using mine = await startDaemon({ config: { grace_period: '1s' } });
  await using hers = await startDaemon({ config: { grace_period: '1s' } });
  const cwd = await projectWith(
    '- name: w\n  provider: bash\n  commands: ["echo up", "until [ -e out/go ]; do sleep 0.1; done", "echo over"]\n  artifacts: [out]',
  );
  const [one = '', two = ''] = await Promise.all(
    [mine, hers].map(async (daemon) => (await daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim()),
  );
  await untilStatus(mine, cwd, one, 'running');
  await untilStatus(hers, cwd, two, 'running');
  // one that starts tidies up what no run of its own needs
  await mine.kill();
  await mine.start();
  expect(await mine.cli(['stop', '-a', '-y'], { cwd })).toMatchObject({ code: 0 });
  await untilStatus(mine, cwd, one, 'stopped');
  await untilNothingIsLeft(mine);
  expect(await hers.json<Run[]>(['ps', '-a'], { cwd })).toMatchObject([{ name: two, status: 'running', attempt: 1 }]);
  expect((await hers.cli(['logs', two], { cwd })).stdout).toBe('up\n');
  await hers.cli(['stop', two, '-y'], { cwd });
  expect(await untilStatus(hers, cwd, two, 'stopped')).toMatchObject({ attempt: 1 });
  await untilNothingIsLeft(hers);
});
