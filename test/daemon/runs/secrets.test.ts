/** While a run goes on, the values of its secrets are in its environment and nowhere else: in no file of ours, in no process's arguments. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { must } from '../../support/command.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { daemonOfFile, lastRun, untilStatus } from './fixture.ts';

const host = daemonOfFile({ config: { mount_roots: ['/tmp'] } });

/** The command lines of all processes of this machine, those of containers too. */
const allArguments = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')];
      } catch {
        return []; // it has ended
      }
    });

test.each([
  ['bash', '  provider: bash'],
  ['docker', '  provider: docker\n  image: dstack-test/tiny:1'],
])('%s', async (_, provider) => {
  const marks = scratchDir('m');
  const value = `hunter2-${process.hrtime.bigint()}`;
  const command = 'until [ -e /marks/go ]; do sleep 0.1; done; printf "%s" "${{ secrets.TOKEN }}" | md5sum';
  const cwd = await projectWith(`- name: s\n${provider}\n  mounts: ["${marks}:/marks"]\n  commands:\n    - ${JSON.stringify(command)}`);
  await host.daemon.cli(['secrets', 'add', 'TOKEN'], { cwd, input: value });
  const name = (await host.daemon.cli(['run', 's', '-d'], { cwd })).stdout.trim();
  await untilStatus(host.daemon, cwd, name, 'running');
  expect(execFileSync('sh', ['-c', 'grep -rlF -- "$1" "$0" || true', host.daemon.home, value], { encoding: 'utf8' })).toBe('');
  expect(allArguments().filter((line) => line.includes(value))).toEqual([]);
  const docker = (...args: string[]) => must('docker', ['-H', host.daemon.engine, ...args]);
  const [id] = (await docker('ps', '-q', '--no-trunc', '--filter', `label=dstack.run=${name}`)).trim().split('\n');
  expect(await docker('inspect', '--format', '{{json .Path}}{{json .Args}}', id ?? '')).not.toContain(value);
  writeFileSync(join(marks, 'go'), '');
  await untilStatus(host.daemon, cwd, name, 'done');
  const sum = execFileSync('md5sum', { input: value, encoding: 'utf8' });
  expect((await host.daemon.cli(['logs', name], { cwd })).stdout).toBe(sum);
  expect(await lastRun(host.daemon, cwd)).toMatchObject({ name });
});
