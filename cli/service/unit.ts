import { homedir } from 'node:os';
import { join } from 'node:path';
import { daemonCommand, lastingPath } from './command.ts';

export const unitName = 'dstackd.service';

/** A daemon for all users of the machine, or for the one who installs it. */
export type UnitOptions = { main: string; dockerHost: string | null } & (
  | { kind: 'system'; group: string; home: string | null }
  | { kind: 'user'; home: string; log: string }
);

/** Where a user's units lie. */
export const userUnits = (env: NodeJS.ProcessEnv): string => join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'systemd/user');

/** The systemd unit of a daemon of this installation of dstack. */
export function unitText(options: UnitOptions): string {
  const command = daemonCommand(lastingPath(options.main));
  if (options.kind === 'system') command.push('--system', '--group', options.group);
  const { home, dockerHost } = options;
  const variables = { ...(home !== null && { DSTACK_HOME: home }), ...(dockerHost !== null && { DOCKER_HOST: dockerHost }) };
  const lines = [
    '[Unit]',
    'Description=dstack: runs ML workflows in containers',
    // the engine of a user's unit is the system's, which a user's unit cannot wait for
    ...(options.kind === 'system' ? ['After=docker.service network-online.target', 'Wants=docker.service network-online.target'] : []),
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${command.map(quoted).join(' ')}`,
    ...Object.entries(variables).map(([name, value]) => environmentLine(name, value)),
    'Restart=on-failure',
    'RestartSec=2',
    // containers are the engine's and go on; children of the daemon are git and the like
    'KillMode=mixed',
    'TimeoutStopSec=20',
    ...(options.kind === 'system'
      ? [
          'ExecReload=/bin/kill -HUP $MAINPID',
          'StateDirectory=dstack',
          'StateDirectoryMode=0700',
          'RuntimeDirectory=dstack',
          'RuntimeDirectoryMode=0755',
          // the sockets stay when it stops: so a command knows that there should be a daemon behind them
          'RuntimeDirectoryPreserve=yes',
        ]
      : [`StandardOutput=append:${specifiers(options.log)}`, `StandardError=append:${specifiers(options.log)}`]),
    '',
    '[Install]',
    `WantedBy=${options.kind === 'system' ? 'multi-user.target' : 'default.target'}`,
  ];
  return `${lines.join('\n')}\n`;
}

const specifiers = (text: string): string => text.replaceAll('%', '%%');

/** A word of a command line as systemd reads it: `%` and `$` stand for themselves. */
export const quoted = (word: string): string => inQuotes(specifiers(word).replaceAll('$', '$$$$'));

/** A variable of the unit; `$` has no meaning there (systemd.exec(5), Environment=). */
export const environmentLine = (name: string, value: string): string => `Environment=${inQuotes(specifiers(`${name}=${value}`))}`;

const inQuotes = (plain: string): string =>
  /^[A-Za-z0-9_@%+=:,./$-]+$/.test(plain) ? plain : `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
