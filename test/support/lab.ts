/**
 * A workstation with several users: a daemon of root's for a group, and real accounts to speak to it. The accounts exist only in a mount namespace of its
 * own, where /etc/passwd and /etc/group are other files, so that the machine's are left alone; the checkout is mounted there too, because it may lie where
 * other users cannot go.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pythonVersions } from '../../shared/workflow/model.ts';
import { command, type Finished } from './command.ts';
import { engineJson, filters } from './engine-api.ts';
import { removeLeftovers } from './engine-leftovers.ts';
import { isAlive, signal } from './processes.ts';
import { testDirVariable } from './reap.ts';
import { scratchDir } from './scratch.ts';
import { tinyImage } from './tiny-image.ts';
import { waitFor } from './wait-for.ts';

const checkout = join(import.meta.dirname, '../..');
export const labGroup = 'lab';
const labGid = 3000;

export interface LabUser {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

export interface LabOptions {
  users: string[];
  /** their primary group is the lab's: no list names them */
  primary?: string[];
  policy?: string;
  config?: Record<string, unknown>;
}

type Run = { cwd?: string; input?: string; env?: Record<string, string>; seconds?: number };

export interface Lab {
  dir: string;
  /** of the daemon */
  home: string;
  runtime: string;
  user(name: string): LabUser;
  socketOf(name: string): string;
  /** any program as a user, or as root */
  as(user: string, program: string, args: string[], options?: Run): Promise<Finished>;
  /** `dstack ARGS` as a user, in their project unless `cwd` says otherwise; root's in the lab's folder */
  cli(user: string, args: string[], options?: Run): Promise<Finished>;
  /** the same with --json, parsed; any exit code but 0 throws */
  json<T>(user: string, args: string[], options?: Run): Promise<T>;
  /** writes files into a user's project (`~/project`), as theirs */
  write(user: string, files: Record<string, string>): void;
  /** who is listed in the group from now on; the daemon is told */
  setMembers(users: string[]): Promise<void>;
  log(): string;
  /** `more`: variables of the daemon's */
  start(more?: Record<string, string>): Promise<void>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openLab(options: LabOptions): Promise<Lab> {
  const dir = scratchDir('l');
  chmodSync(dir, 0o755);
  const [home, runtime, etc, code] = ['h', 'run', 'etc', 'dstack'].map((name) => join(dir, name)) as [string, string, string, string];
  for (const path of [etc, code]) mkdirSync(path);
  const users = new Map(
    [...options.users, ...(options.primary ?? [])].map((name, i): [string, LabUser] => {
      const gid = options.primary?.includes(name) ? labGid : 3001 + i;
      return [name, { name, uid: 3001 + i, gid, home: join(dir, name) }];
    }),
  );
  const user = (name: string): LabUser => {
    const found = users.get(name);
    if (!found) throw new Error(`the lab has no user ${name}`);
    return found;
  };
  for (const { home: own, uid, gid } of users.values()) {
    for (const path of [own, join(own, 'project'), join(own, 'project/.dstack')]) {
      mkdirSync(path, { mode: 0o700 });
      chownSync(path, uid, gid);
    }
  }
  const passwd = [...users.values()].map(({ name, uid, gid, home: own }) => `${name}:x:${uid}:${gid}::${own}:/bin/sh\n`);
  writeFileSync(join(etc, 'passwd'), readFileSync('/etc/passwd', 'utf8') + passwd.join(''));
  const writeGroup = (members: string[]): void => {
    const own = [...users.values()].filter(({ gid }) => gid !== labGid).map(({ name, gid }) => `${name}:x:${gid}:\n`);
    // in place: it is mounted
    writeFileSync(join(etc, 'group'), `${readFileSync('/etc/group', 'utf8')}${own.join('')}${labGroup}:x:${labGid}:${members.join(',')}\n`);
  };
  writeGroup(options.users);
  if (options.policy !== undefined) writeFileSync(join(etc, 'policy.yaml'), options.policy);
  mkdirSync(home, { mode: 0o700 });
  const images = Object.fromEntries(pythonVersions.map((version) => [version, tinyImage]));
  writeFileSync(join(home, 'config.yaml'), JSON.stringify({ images, ...options.config }));

  const keeper = await openNamespace([
    [join(etc, 'passwd'), '/etc/passwd'],
    [join(etc, 'group'), '/etc/group'],
    [checkout, code],
  ]);
  const inside = (args: string[]): string[] => [`--mount=/proc/${keeper.pid}/ns/mnt`, '--', ...args];
  const environment = (own: string, more: Record<string, string> = {}): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    HOME: own,
    DSTACK_RUNTIME_DIR: runtime,
    [testDirVariable]: process.env[testDirVariable],
    ...more,
  });

  const as: Lab['as'] = (name, program, args, { env, cwd = dir, ...rest } = {}) => {
    const account = name === 'root' ? null : user(name);
    const who = account ? ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--init-groups', '--'] : [];
    // nsenter itself stays in the folder that it was started in, as root
    const there = ['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', cwd, program, ...args];
    return command('nsenter', inside([...who, ...there]), { ...rest, cwd: '/', env: environment(account?.home ?? '/root', env) });
  };
  const cli: Lab['cli'] = (name, args, rest = {}) =>
    as(name, join(code, 'scripts/dstack'), args, { cwd: name === 'root' ? dir : join(user(name).home, 'project'), ...rest });

  let pid = 0;
  const log = () => (existsSync(join(dir, 'log')) ? readFileSync(join(dir, 'log'), 'utf8') : '');
  const start: Lab['start'] = async (more = {}) => {
    const output = openSync(join(dir, 'log'), 'a');
    const main = [join(code, 'node_modules/node/bin/node'), join(code, 'daemon/main.ts'), '--system', '--group', labGroup, '--etc', etc];
    const env = environment('/root', { DSTACK_HOME: home, DOCKER_HOST: process.env['DOCKER_HOST'] ?? '', ...more });
    const child = spawn('nsenter', inside(main), { cwd: '/', env, stdio: ['ignore', output, output], detached: true });
    closeSync(output);
    child.unref();
    pid = child.pid ?? 0;
    const first = [...users.keys()].find((name) => readFileSync(join(etc, 'group'), 'utf8').match(new RegExp(`[:,]${name}(,|$)`, 'm')));
    await waitFor(
      async () => {
        if (!isAlive(pid)) throw new Error(`the daemon ended at its start:\n${log().slice(-3000)}`);
        return first === undefined ? existsSync(join(runtime, 'home')) : (await cli(first, ['daemon', 'status'])).code === 0;
      },
      'the daemon to answer its users',
      { seconds: 60 },
    );
  };
  const stop = async (): Promise<void> => {
    signal(pid, 'SIGTERM');
    await waitFor(() => !isAlive(pid), 'the daemon to end', { seconds: 30 });
  };
  const lab: Lab = {
    ...{ dir, home, runtime, user, as, cli, log, start, stop },
    socketOf: (name) => join(runtime, 'users', name, 'dstackd.sock'),
    json: async <T>(name: string, args: string[], rest: Run = {}) => {
      const { code: status, stdout, stderr } = await cli(name, [...args, '--json'], rest);
      if (status !== 0) throw new Error(`dstack ${args.join(' ')} --json of ${name} ended with ${status}\n${stderr}${stdout}`);
      return JSON.parse(stdout) as T;
    },
    write(name, files) {
      const { home: own, uid, gid } = user(name);
      for (const [path, text] of Object.entries(files)) {
        const file = join(own, 'project', path);
        for (const folder of [dirname(dirname(file)), dirname(file)]) {
          if (existsSync(folder)) continue;
          mkdirSync(folder);
          chownSync(folder, uid, gid);
        }
        writeFileSync(file, text);
        chownSync(file, uid, gid);
      }
    },
    async setMembers(members) {
      writeGroup(members);
      signal(pid, 'SIGHUP');
      await waitFor(
        () => options.users.every((name) => existsSync(join(runtime, 'users', name)) === members.includes(name)),
        'the sockets to follow the group',
      );
    },
    async [Symbol.asyncDispose]() {
      await stop().catch(() => signal(pid, 'SIGKILL'));
      keeper.close();
      const engine = process.env['DOCKER_HOST'] ?? '';
      await removeLeftovers(engine, { home, installation: await installationOf(engine, home) });
      rmSync(dir, { recursive: true, force: true });
    },
  };
  try {
    await start();
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
  return lab;
}

/** The id in the labels of what mounts the home. */
async function installationOf(engine: string, home: string): Promise<string | null> {
  const ours = filters({ label: ['dstack.installation'] });
  const all = await engineJson<{ Labels: Record<string, string>; Mounts: { Source?: string }[] }[]>(
    engine,
    `/containers/json?all=1&${ours}`,
  );
  const own = all.find(({ Mounts }) => Mounts.some(({ Source }) => Source?.startsWith(`${home}/`)));
  return own?.Labels['dstack.installation'] ?? null;
}

/** A mount namespace with these files and folders (read-only) at other places, kept open by a process that does nothing. */
async function openNamespace(mounts: [string, string][]): Promise<{ pid: number; close(): void }> {
  const script = `set -e
while [ $# -gt 0 ]; do mount --bind "$1" "$2"; mount -o remount,bind,ro "$2"; shift 2; done
echo ready
exec sleep infinity`;
  const keeper = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...mounts.flat()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = await Promise.race([once(keeper.stdout, 'data'), once(keeper, 'exit').then(() => null)]);
  if (said === null) throw new Error('cannot make a mount namespace: these tests need root');
  return { pid: keeper.pid ?? 0, close: () => void keeper.kill('SIGKILL') };
}
