/** Versions: a newer daemon takes over from an older one with a container running; what a newer one wrote or runs is left alone. */
import { spawn } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../daemon/store/database.ts';
import { migrations } from '../../../daemon/store/migrations.ts';
import { ownVersion } from '../../../shared/version.ts';
import { unwrap } from '../../../shared/result.ts';
import { startDaemon } from '../../support/daemon.ts';
import { isAlive } from '../../support/processes.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { untilNothingIsLeft, untilStatus } from './fixture.ts';

const root = join(import.meta.dirname, '../../..');

/** The whole product under another version. Returns its folder. */
function installed(version: string): string {
  const dir = scratchDir('v');
  for (const name of ['cli', 'daemon', 'shared', 'scripts']) cpSync(join(root, name), join(dir, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as object;
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ ...manifest, version }));
  return dir;
}

test('a newer command line replaces the older daemon; its run goes on, and no byte of its log is lost', async () => {
  const marks = scratchDir('m');
  const old = installed('0.0.1');
  await using daemon = await startDaemon({
    main: join(old, 'daemon/main.ts'),
    config: { mount_roots: ['/tmp'], mounts: [`${marks}:/marks`] },
  });
  expect(await daemon.status()).toMatchObject({ version: '0.0.1' });
  const cwd = await projectWith(
    '- name: w\n  provider: bash\n  commands:\n    - for i in $(seq 1 300); do echo line $i; done\n    - ": >/marks/up"\n    - until [ -e /marks/go ]; do sleep 0.1; done\n    - for i in $(seq 301 600); do echo line $i; done',
  );
  const log = Array.from({ length: 600 }, (_, i) => `line ${i + 1}\n`).join('');
  // the older command line is attached to it
  const child = spawn(join(old, 'scripts/dstack'), ['run', 'w'], { cwd, env: daemon.env });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exit = new Promise((resolve) => child.on('close', resolve));
  await waitFor(() => readFileSync(join(marks, 'up')) && true, 'the run to be under way');
  const name = /^\S+-\d+$/m.exec(stderr)?.[0] ?? expect.fail(stderr);
  await untilStatusOf(old, daemon.env, cwd, name, 'running');

  const { pid } = daemon;
  const listed = await daemon.cli(['ps'], { cwd });
  expect(listed.code, listed.stderr).toBe(0);
  expect(listed.stderr).toContain('Replacing the daemon of dstack 0.0.1');
  expect(listed.stdout).toContain(name);
  expect(await daemon.status()).toMatchObject({ version: ownVersion() });
  await waitFor(() => !isAlive(pid), 'the older daemon to be gone');
  writeFileSync(join(marks, 'go'), '');
  expect(await untilStatus(daemon, cwd, name, 'done')).toMatchObject({ attempt: 1, exitCode: 0 });
  expect((await daemon.cli(['logs', name], { cwd })).stdout).toBe(log);
  expect(await exit, stderr).toBe(0);
  expect(stdout).toBe(log);
  await untilNothingIsLeft(daemon);
});

/** Asked with the command line of that installation: the present one would replace its daemon. */
const untilStatusOf = (installation: string, env: NodeJS.ProcessEnv, cwd: string, name: string, status: string): Promise<unknown> =>
  waitFor(async () => {
    const child = spawn(join(installation, 'scripts/dstack'), ['ps', name, '--json'], { cwd, env });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
    await new Promise((resolve) => child.on('close', resolve));
    return (JSON.parse(text) as { status: string }).status === status;
  }, `${name} to be ${status}`);

test('a newer daemon is not replaced: the command line says what to do', async () => {
  const newer = installed('99.0.0');
  await using daemon = await startDaemon({ main: join(newer, 'daemon/main.ts') });
  const cwd = await projectWith('- name: w\n  provider: bash\n  commands: ["true"]');
  const { code, stderr } = await daemon.cli(['ps'], { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain(`The running daemon is dstack 99.0.0, newer than this command (${ownVersion()})`);
  expect(await daemon.status()).toMatchObject({ version: '99.0.0', pid: daemon.pid });
});

test('the database of a newer version is refused, and left as it is', async () => {
  await using daemon = await startDaemon();
  await daemon.stop();
  const file = join(daemon.home, 'store/dstack.db');
  unwrap(openDatabase(file, [...migrations, 'CREATE TABLE of_the_future (x INTEGER) STRICT'])).close();
  const before = readFileSync(file);
  const cwd = await projectWith('- name: w\n  provider: bash\n  commands: ["true"]');
  const { code, stderr } = await daemon.cli(['run', 'w'], { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain('was written by a newer dstack');
  expect(stderr).toContain('Install that version again');
  expect(await daemon.status()).toBeNull();
  expect(readFileSync(file).equals(before)).toBe(true);
});
