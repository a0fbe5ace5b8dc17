/** A real sshd on 127.0.0.1, and an `ssh` on the PATH whose keys and known hosts are its own: nothing of the user's ~/.ssh is used. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { command, must } from './command.ts';
import { isAlive, signal } from './processes.ts';
import { scratchDir } from './scratch.ts';
import { waitFor } from './wait-for.ts';

export interface Sshd {
  /** `ssh://user@127.0.0.1:PORT` */
  url: string;
  port: number;
  /** what a command on the laptop has: PATH with its ssh, and a folder for its connections */
  env: { PATH: string; XDG_RUNTIME_DIR: string };
  /** what its sessions have besides: a folder at the front of the PATH there */
  bin: string;
  /** the client's known hosts */
  knownHosts: string;
  /** makes another host key the one that the client knows */
  forgeKnownHosts(): void;
  mendKnownHosts(): void;
  /** process ids of the connections that clients keep open in the background */
  masters(): Promise<number[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

export async function startSshd(): Promise<Sshd> {
  const dir = scratchDir('s');
  const at = (name: string): string => join(dir, name);
  for (const folder of ['bin', 'client', 'run']) mkdirSync(at(folder), { mode: 0o700 });
  for (const key of ['host', 'user', 'other']) await must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', at(key)]);
  const port = await freePort();
  const known = (key: string): string => `[127.0.0.1]:${port} ${readFileSync(at(`${key}.pub`), 'utf8')}`;
  writeFileSync(at('authorized'), readFileSync(at('user.pub')));
  writeFileSync(at('known'), known('host'));
  const settings = {
    Port: port,
    ListenAddress: '127.0.0.1',
    HostKey: at('host'),
    AuthorizedKeysFile: at('authorized'),
    PidFile: at('pid'),
    StrictModes: 'no',
    UsePAM: 'no',
    PasswordAuthentication: 'no',
    KbdInteractiveAuthentication: 'no',
    SetEnv: `PATH=${at('bin')}:/usr/bin:/bin`,
  };
  const lines = (all: object): string =>
    Object.entries(all)
      .map(([name, value]) => `${name} ${value}\n`)
      .join('');
  writeFileSync(at('sshd_config'), lines(settings));
  writeFileSync(
    at('ssh_config'),
    lines({ IdentityFile: at('user'), IdentitiesOnly: 'yes', UserKnownHostsFile: at('known'), GlobalKnownHostsFile: '/dev/null' }),
  );
  writeFileSync(at('client/ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${at('ssh_config')} "$@"\n`);
  chmodSync(at('client/ssh'), 0o755);
  // it separates its privileges by a folder that only its package's service makes
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', at('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (data: Buffer) => (log += data.toString()));
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  await Promise.race([failed, waitFor(() => log.includes('Server listening'), `sshd to listen`, { seconds: 20 })]);
  const masters = async (): Promise<number[]> => {
    const folder = at(`run/dstack-${process.getuid?.() ?? 0}`);
    const pids: number[] = [];
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.ssh'))) {
      const { stderr } = await command('/usr/bin/ssh', ['-S', join(folder, file), '-O', 'check', 'any']);
      const pid = /pid=(\d+)/.exec(stderr)?.[1];
      if (pid !== undefined) pids.push(Number(pid));
    }
    return pids;
  };
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    port,
    env: { PATH: `${at('client')}${delimiter}${process.env['PATH'] ?? ''}`, XDG_RUNTIME_DIR: at('run') },
    bin: at('bin'),
    knownHosts: at('known'),
    forgeKnownHosts: () => writeFileSync(at('known'), known('other')),
    mendKnownHosts: () => writeFileSync(at('known'), known('host')),
    masters,
    async [Symbol.asyncDispose]() {
      for (const pid of await masters().catch(() => [])) signal(pid, 'SIGTERM');
      signal(child.pid ?? 0, 'SIGTERM');
      await waitFor(() => child.pid === undefined || !isAlive(child.pid), 'sshd to end');
    },
  };
}
