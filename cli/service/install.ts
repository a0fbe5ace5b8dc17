/** `dstack daemon install` and `uninstall`: a systemd unit that starts the daemon with the machine, or with the user's first session. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { homeFiles, systemHome } from '../../shared/home.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { isPassing } from './command.ts';
import { unitName, unitText, userUnits, type UnitOptions } from './unit.ts';
import { usageError } from '../usage.ts';

export interface InstallOptions {
  system?: boolean;
  group?: string;
  /** a folder that stands for `/`, as of an image that is being made: nothing is started then */
  root?: string;
}

/** What was done, a sentence a line. */
type Said = Result<string[]>;

/** What `install` writes, and where. */
export function unitFor(cli: Cli, options: InstallOptions): { unit: string; text: string } {
  if (options.system && options.group === undefined)
    throw usageError('Whose daemon shall it be?', 'Name the group of its users: --system --group lab');
  if (!options.system && options.group !== undefined) throw usageError('--group goes with --system.', 'Add it, or leave the group out.');
  return { unit: unitFile(cli, options), text: unitText(unitOptions(cli, options)) };
}

export async function install(cli: Cli, options: InstallOptions): Promise<Said> {
  const { unit: file, text } = unitFor(cli, options);
  const allowed = mayInstall(options, file);
  if (!allowed.ok) return allowed;
  if (isPassing(cli.client.daemonMain))
    return fail(
      'passing',
      'This dstack lies in the cache of npx, which may be emptied at any time.',
      'npm install -g dstack-local, then again.',
    );
  const changed = !existsSync(file) || readFileSync(file, 'utf8') !== text;
  const said: string[] = [changed ? `Wrote ${file}.` : `${file} is as it should be.`];
  if (changed) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o644 });
  }
  if (options.root !== undefined) return ok([...said, `Nothing was started: ${options.root} is not this system.`]);
  if (!options.system) {
    // the unit's log is there; and a daemon that a command started would keep it from starting
    mkdirSync(cli.home, { recursive: true, mode: 0o700 });
    await cli.client.stop();
  }
  const steps = [['daemon-reload'], ['enable', unitName], [changed ? 'restart' : 'start', unitName]];
  for (const step of steps) {
    const done = systemctl(cli, options, step);
    if (!done.ok) return byHand(options, file, done.failure.message);
  }
  const hint = options.system
    ? `Members of the group ${options.group} use it with the next command; systemctl reload ${unitName} looks up new ones at once.`
    : 'It starts with your first session; to start it with the machine: loginctl enable-linger';
  return ok([...said, 'The daemon runs, and starts by itself from now on.', hint]);
}

export async function uninstall(cli: Cli, options: InstallOptions): Promise<Said> {
  const file = unitFile(cli, options);
  const allowed = mayInstall(options, file);
  if (!allowed.ok) return allowed;
  if (!existsSync(file)) return ok([`${file} is not there: nothing is installed.`]);
  // without systemd nothing was started by it either
  const stopped = options.root === undefined ? systemctl(cli, options, ['disable', '--now', unitName]) : ok(undefined);
  rmSync(file);
  if (options.root === undefined && stopped.ok) systemctl(cli, options, ['daemon-reload']);
  const home = options.system ? systemHome : cli.home;
  return ok([`Removed ${file}.`, ...(stopped.ok ? [] : [stopped.failure.message]), `Runs and artifacts are kept in ${home}.`]);
}

function unitOptions(cli: Cli, { system, group = '' }: InstallOptions): UnitOptions {
  const dockerHost = cli.env['DOCKER_HOST'] || null;
  const main = cli.client.daemonMain;
  return system
    ? { kind: 'system', main, group, home: cli.env['DSTACK_HOME'] ? cli.home : null, dockerHost }
    : { kind: 'user', main, home: cli.home, log: homeFiles(cli.home).daemonLog, dockerHost };
}

function unitFile(cli: Cli, { system, root }: InstallOptions): string {
  return join(root ?? '/', system ? '/etc/systemd/system' : userUnits(cli.env), unitName);
}

function mayInstall({ system, group, root }: InstallOptions, file: string): Result<void> {
  if (!system || root !== undefined) return ok(undefined);
  if (process.getuid?.() !== 0) return fail('not_root', `Only root writes ${file}.`, 'Run it with sudo.');
  if (group === undefined || spawnSync('getent', ['--', 'group', group]).status === 0) return ok(undefined);
  return fail('no_such_group', `There is no group '${group}'.`, `Make it, and add its users: groupadd ${group}; usermod -aG ${group} USER`);
}

function systemctl(cli: Cli, { system }: InstallOptions, args: string[]): Result<void> {
  const all = [...(system ? [] : ['--user']), ...args];
  const { status, stderr, error } = spawnSync('systemctl', all, { env: cli.env, encoding: 'utf8' });
  if (status === 0) return ok(undefined);
  const why = error ? 'there is no systemctl' : (stderr.trim().split('\n').at(-1) ?? `it ended with ${status}`);
  return fail('systemd', `systemctl ${all.join(' ')}: ${why}`, null);
}

/** The unit is written; the rest is for a person, on a machine with another init. */
function byHand(options: InstallOptions, file: string, why: string): Result<never> {
  const unit = readFileSync(file, 'utf8');
  const command = /^ExecStart=(.*)$/m.exec(unit)?.[1] ?? '';
  const prefix = options.system ? 'systemctl' : 'systemctl --user';
  return fail(
    'no_systemd',
    `The daemon could not be started by systemd (${why}). The unit is in ${file}:\n\n${unit}`,
    `With systemd: ${prefix} daemon-reload; ${prefix} enable --now ${unitName}${options.system ? '' : '; loginctl enable-linger'}. With another init let it keep this running: ${command}`,
  );
}
