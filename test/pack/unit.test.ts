import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import type { DaemonStatus } from '../../shared/api.ts';
import { command } from '../support/command.ts';
import { commandLine } from '../support/processes.ts';
import { scratchDir } from '../support/scratch.ts';
import { waitFor } from '../support/wait-for.ts';
import { installed, majors } from './installed.ts';

/** Stands in for systemd, which is had nowhere here: starts what the unit says, with nothing but its variables and those that every unit has. */
const systemctl = `#!/bin/bash
echo "$@" >>"$ASKED"
unit=$XDG_CONFIG_HOME/systemd/user/dstackd.service
case $2 in start | restart) ;; *) exit 0 ;; esac
mapfile -t variables < <(sed -n 's/^Environment=//p' "$unit")
log=$(sed -n 's/^StandardOutput=append://p' "$unit")
setsid env -i HOME="$HOME" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DSTACK_TEST_DIR="$DSTACK_TEST_DIR" "\${variables[@]}" \\
  bash -c "exec $(sed -n 's/^ExecStart=//p' "$unit")" >>"$log" 2>&1 </dev/null &`;

test.each(majors)('a unit that starts the daemon of the package, under Node.js %s', async (major) => {
  const dir = scratchDir('m');
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(dir, 'bin/systemctl'), systemctl);
  chmodSync(join(dir, 'bin/systemctl'), 0o755);
  const node = inject('nodes')[major] ?? '';
  const env = {
    PATH: `${join(dir, 'bin')}:${node}:${process.env['PATH']}`,
    HOME: dir,
    XDG_CONFIG_HOME: join(dir, 'config'),
    ASKED: join(dir, 'asked'),
  };
  await using dstack = await installed(major, { env });
  const said = await dstack.cli(['daemon', 'install']);
  expect(said.code, said.stderr).toBe(0);
  expect(said.stdout).toContain('loginctl enable-linger');
  const file = join(dir, 'config/systemd/user/dstackd.service');
  const unit = readFileSync(file, 'utf8');
  const main = join(inject('prefix'), 'lib/node_modules/dstack-local/dist/daemon.cjs');
  const words = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
  expect([words[0], words.at(-1)]).toEqual([realpathSync(join(node, 'node')), main]);
  expect(unit).toMatch(/^Restart=on-failure$/m);
  if (existsSync('/usr/bin/systemd-analyze'))
    expect(await command('systemd-analyze', ['--user', 'verify', file], { env: { ...process.env, XDG_RUNTIME_DIR: dir } })).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining('dstackd.service'),
    });

  // systemd's daemon answers; where a command finds none, it has systemd start it, as the command itself would
  const first = await waitFor(() => dstack.status(), 'the daemon to answer');
  expect(commandLine(first.pid)).toEqual([...words, '']);
  expect((await dstack.cli(['daemon', 'stop'])).code).toBe(0);
  expect((await dstack.cli(['daemon', 'start'])).code).toBe(0);
  const second = await dstack.json<DaemonStatus>(['daemon', 'status']);
  expect(second.pid).not.toBe(first.pid);
  expect(commandLine(second.pid)).toEqual([...words, '']);
  expect(readFileSync(env.ASKED, 'utf8').trim().split('\n').at(-1)).toBe('--user start dstackd.service');
  // without systemd the command starts the same
  expect((await dstack.cli(['daemon', 'stop'])).code).toBe(0);
  writeFileSync(join(dir, 'bin/systemctl'), '#!/bin/sh\nexit 1\n');
  expect((await dstack.cli(['daemon', 'start'])).code).toBe(0);
  expect(commandLine((await dstack.status())?.pid ?? 0)).toEqual([...words, '']);
});
