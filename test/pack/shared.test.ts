import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { command } from '../support/command.ts';
import { projectWith } from '../support/project.ts';
import { scratchDir } from '../support/scratch.ts';
import { waitFor } from '../support/wait-for.ts';
import { installed, majors } from './installed.ts';

test.each(majors)('a daemon of all users is sent the files of a project, under Node.js %s', async (major) => {
  const runtime = join(scratchDir('r'), 'run');
  mkdirSync(runtime);
  await using dstack = await installed(major, { env: { DSTACK_RUNTIME_DIR: runtime } });
  const main = join(inject('prefix'), 'lib/node_modules/dstack-local/dist/daemon.cjs');
  const output = openSync(join(dstack.home, 'daemon.log'), 'a');
  const child = spawn('node', [main, '--system', '--group', 'root'], {
    env: dstack.env,
    stdio: ['ignore', output, output],
    detached: true,
  });
  child.unref();
  closeSync(output);
  const cwd = await projectWith('- {name: show, provider: bash, commands: [cat file.txt]}', { 'file.txt': 'sent\n' });
  // no home of its own is named here: the one that the machine's daemon says is root's
  const { DSTACK_HOME: _, ...named } = dstack.env;
  const env = { ...named, HOME: scratchDir('r') };
  const cli = (...args: string[]) => command(join(inject('prefix'), 'bin/dstack'), args, { cwd, env });
  await waitFor(async () => existsSync(join(runtime, 'home')) && (await dstack.status()) !== null, 'the daemon to serve');
  expect(await cli('run', 'show')).toMatchObject({ code: 0, stdout: 'sent\n' });
});
