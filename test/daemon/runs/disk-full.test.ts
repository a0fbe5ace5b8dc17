/** The disk is full: that of the daemon's home, or that of the engine. What is said stays true, and when there is room again everything goes on. */
import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import { startDaemon } from '../../support/daemon.ts';
import { startEngine } from '../../support/engine.ts';
import { isAlive } from '../../support/processes.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { smallDisk } from '../../support/small-disk.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ended, untilNothingIsLeft, untilStatus } from './fixture.ts';

const MB = 1_000_000;
const workflow = (name: string, commands: string[]): string =>
  [`- name: ${name}`, '  provider: bash', '  commands:', ...commands.map((c) => `    - ${JSON.stringify(c)}`)].join('\n');
/** So many MB on the terminal, in lines of 100 bytes. */
const print = (megabytes: number): string => `yes ${'x'.repeat(98)} | head -n ${megabytes * 10_000}`;

const free = (path: string): number => {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
};
/** A file that leaves so many bytes free. */
const fill = (path: string, leave: number): void => writeFileSync(path, Buffer.alloc(Math.max(0, free(join(path, '..')) - leave)));

test('the disk of the home fills up under a run: its end waits for room, says so, and is complete then', async () => {
  await using disk = await smallDisk(96 * MB);
  const marks = scratchDir('m');
  const home = join(disk.path, 'home');
  await using daemon = await startDaemon({ home, config: { min_free_disk: '1MB', mount_roots: ['/tmp'], mounts: [`${marks}:/marks`] } });
  const cwd = await projectWith(
    [
      workflow('small', ['echo small']),
      workflow('loud', [': >/marks/up', 'until [ -e /marks/go ]; do sleep 0.1; done', print(20), 'exit 3']),
    ].join('\n'),
  );
  expect(await daemon.cli(['run', 'small'], { cwd })).toMatchObject({ code: 0 });
  const name = (await daemon.cli(['run', 'loud', '-d'], { cwd })).stdout.trim();
  await waitFor(() => readFileSync(join(marks, 'up')) && true, 'the run to be under way');
  await untilStatus(daemon, cwd, name, 'running');
  const { pid } = daemon;
  const ballast = join(disk.path, 'ballast');
  fill(ballast, 10 * MB);
  writeFileSync(join(marks, 'go'), '');

  const now = async (): Promise<Run> =>
    (await daemon.json<Run[]>(['ps', '-a'], { cwd })).find((run) => run.name === name) ?? expect.fail('the run is lost');
  const stuck = await waitFor(
    async () => (/full|no space/i.test((await now()).reason ?? '') ? now() : null),
    'the run to say that the disk is full',
    { seconds: 60 },
  );
  expect(stuck).toMatchObject({ status: 'running', exitCode: null });
  expect(stuck.reason).toContain(home);
  expect(isAlive(pid)).toBe(true);
  const refused = await daemon.cli(['run', 'small', '-d'], { cwd });
  expect(`${refused.code} ${refused.stderr}`).toMatch(/^1 .*(full|no space|SPACE)/is);
  // a daemon that is started anew on a full disk still says what there is, or why it cannot
  await daemon.stop();
  const anew = await daemon.cli(['ps', '-a'], { cwd });
  expect(`${anew.code} ${anew.stdout}${anew.stderr}`).toMatch(new RegExp(`^0 .*${name}|^1 .*no space left on the disk of ${home}`, 's'));

  rmSync(ballast);
  expect(await untilStatus(daemon, cwd, name, ...ended)).toMatchObject({ status: 'failed', exitCode: 3, reason: 'exit code 3' });
  expect((await daemon.cli(['logs', name], { cwd })).stdout).toHaveLength(20 * 10_000 * 99);
  expect(await daemon.cli(['run', 'small'], { cwd })).toMatchObject({ code: 0, stdout: 'small\n' });
  await untilNothingIsLeft(daemon);
});

test('below min_free_disk runs wait and say which disk is how full', async () => {
  await using disk = await smallDisk(96 * MB);
  const home = join(disk.path, 'home');
  await using daemon = await startDaemon({ home, config: { min_free_disk: '30MB' } });
  const cwd = await projectWith(workflow('small', ['echo small']));
  const ballast = join(disk.path, 'ballast');
  fill(ballast, 20 * MB);
  const name = (await daemon.cli(['run', 'small', '-d'], { cwd })).stdout.trim();
  const reason = await waitFor(async () => (await daemon.json<Run>(['ps', name], { cwd })).reason, 'the run to say why it waits');
  expect(reason).toContain(`the disk of ${home} has `);
  expect(reason).toContain('min_free_disk (30 MB)');
  expect((await daemon.cli(['tags', 'add', 'set', '-a', '.dstack'], { cwd })).stderr).toContain('takes no folders now');
  expect(await daemon.json<Run>(['ps', name], { cwd })).toMatchObject({ status: 'queued' });
  rmSync(ballast);
  await untilStatus(daemon, cwd, name, 'done');
});

test("the engine's disk fills up: the run has its own true end, those after it wait for room", async () => {
  const marks = scratchDir('m');
  await using engine = await startEngine({ disk: { bytes: 96 * MB, kind: 'ext4' } });
  await using daemon = await startDaemon({
    engine: engine.host,
    config: { min_free_disk: '10MB', mount_roots: ['/tmp'], mounts: [`${marks}:/marks`] },
  });
  const cwd = await projectWith(
    [
      workflow('small', ['echo small']),
      workflow('fills', [
        'head -c 200000000 /dev/zero >/tmp/big || echo no room',
        ': >/marks/up',
        'until [ -e /marks/go ]; do sleep 0.1; done',
        print(5),
        'exit 3',
      ]),
    ].join('\n'),
  );
  const name = (await daemon.cli(['run', 'fills', '-d'], { cwd })).stdout.trim();
  await waitFor(() => readFileSync(join(marks, 'up')) && true, 'the disk to be full', { seconds: 60 });
  const next = (await daemon.cli(['run', 'small', '-d'], { cwd })).stdout.trim();
  const reason = await waitFor(async () => (await daemon.json<Run>(['ps', next], { cwd })).reason, 'the next run to say why it waits');
  expect(reason).toContain(`the disk of ${engine.dir}/data has `);
  writeFileSync(join(marks, 'go'), '');
  expect(await untilStatus(daemon, cwd, name, ...ended)).toMatchObject({ status: 'failed', exitCode: 3, reason: 'exit code 3' });
  // its output was taken live: the engine had no room to keep it
  const { stdout } = await daemon.cli(['logs', name], { cwd });
  expect(stdout).toContain('no room\n');
  expect(stdout.replace(/^[\s\S]*no room\n/, '')).toHaveLength(5 * 10_000 * 99);
  await untilStatus(daemon, cwd, next, 'done');
  await untilNothingIsLeft(daemon);
});
