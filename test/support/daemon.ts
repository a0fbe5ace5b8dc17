/**
 * The product under test: the real daemon in a home of its own, and the real command line that speaks to it.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { daemonCommand } from '../../cli/service/command.ts';
import { routes, type DaemonStatus } from '../../shared/api.ts';
import { homeFiles } from '../../shared/home.ts';
import { socketPath } from '../../shared/socket.ts';
import { pythonVersions } from '../../shared/workflow/model.ts';
import { command, type CommandOptions, type Finished } from './command.ts';
import { removeLeftovers } from './engine-leftovers.ts';
import { commandLine, isAlive, processesWith, signal } from './processes.ts';
import { scratchDir } from './scratch.ts';
import { tinyImage } from './tiny-image.ts';
import { waitFor } from './wait-for.ts';

const root = join(import.meta.dirname, '../..');
const node = join(root, 'node_modules/.bin/node');

export interface DaemonOptions {
  /** a home to use (again); default: a new one */
  home?: string;
  /** entries of config.yaml beside `images`, which names dstack-test/tiny:1 for every Python version */
  config?: Record<string, unknown>;
  /** added to the environment of daemon and command line */
  env?: Record<string, string>;
  /** default: the engine of the run */
  engine?: string;
  /** another program than daemon/main.ts, for an older or newer version */
  main?: string;
  /** another program than the checkout's scripts/dstack: of an installation, with `start: false` */
  command?: string;
  /** false: the first command starts it, or start() */
  start?: boolean;
}

export interface TestDaemon {
  home: string;
  engine: string;
  /** of the process that start() started last */
  readonly pid: number;
  /** what the daemon has printed */
  log(): string;
  /** `dstack ARGS` to its end */
  cli(
    args: string[],
    options?: Pick<CommandOptions, 'cwd' | 'input' | 'seconds'> & { env?: Record<string, string | undefined> },
  ): Promise<Finished>;
  /** the same with --json, parsed; any exit code but 0 throws */
  json<T>(args: string[], options?: { cwd?: string }): Promise<T>;
  /** the environment in which cli() runs, for tests that spawn it themselves (scripts/dstack) */
  env: NodeJS.ProcessEnv;
  /** GET /v1/daemon; null: nobody answers */
  status(): Promise<DaemonStatus | null>;
  start(): Promise<void>;
  /** SIGKILL to every daemon of this home, whoever started it */
  kill(): Promise<void>;
  /** SIGTERM, and waits until it has gone */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a daemon and waits until it answers. Throws with the end of its log when it does not. Disposing of it leaves nothing on the engine. */
export async function startDaemon(options: DaemonOptions = {}): Promise<TestDaemon> {
  const home = options.home ?? join(scratchDir('h'), 'home');
  const engine = options.engine ?? process.env['DOCKER_HOST'] ?? '';
  const { FORCE_COLOR: _, NO_COLOR: __, DSTACK_HOST: ___, ...inherited } = process.env;
  const env = { ...inherited, ...options.env, DSTACK_HOME: home, DOCKER_HOST: engine };
  const main = options.main ?? join(root, 'daemon/main.ts');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const files = homeFiles(home);
  if (!existsSync(files.config)) {
    const images = Object.fromEntries(pythonVersions.map((version) => [version, tinyImage]));
    writeFileSync(files.config, JSON.stringify({ images, ...options.config }, null, 2)); // JSON is YAML too
  }
  const log = () => (existsSync(files.daemonLog) ? readFileSync(files.daemonLog, 'utf8') : '');
  const socket = socketPath(home);
  const alive = () =>
    processesWith('DSTACK_HOME', home).filter((pid) =>
      commandLine(pid).some((word) => /\/(daemon\/main\.[tj]s|dist\/daemon\.cjs)$/.test(word)),
    );
  let pid = 0;
  let installation: string | null = null;

  const status = () => ask(socket);
  const start = async () => {
    const output = openSync(files.daemonLog, 'a');
    const child = spawn(node, daemonCommand(main).slice(1), { cwd: home, env, stdio: ['ignore', output, output], detached: true });
    closeSync(output);
    child.unref();
    pid = child.pid ?? 0;
    const answers = async () => (await status()) ?? (isAlive(pid) ? null : 'ended');
    const said = await waitFor(answers, 'the daemon to answer', { seconds: 60 }).catch(() => 'silent' as const);
    if (typeof said === 'string')
      throw new Error(`the daemon ${said === 'ended' ? 'ended at its start' : 'does not answer'}:\n${log().slice(-3000)}`);
    installation = said.installation;
  };
  const end = async (how: 'SIGTERM' | 'SIGKILL') => {
    installation ??= (await status())?.installation ?? null; // one that the command line started
    const pids = alive();
    for (const each of pids) signal(each, how);
    await waitFor(() => pids.every((each) => !isAlive(each)), `the daemon to end after ${how}`, { seconds: 30 });
  };
  const cli: TestDaemon['cli'] = (args, { env: more, ...rest } = {}) =>
    command(options.command ?? join(root, 'scripts/dstack'), args, { cwd: home, ...rest, env: { ...env, ...more } });

  const daemon: TestDaemon = {
    home,
    engine,
    env,
    get pid() {
      return pid;
    },
    log,
    cli,
    json: async <T>(args: string[], rest: { cwd?: string } = {}) => {
      const { code, stdout, stderr } = await cli([...args, '--json'], rest);
      if (code !== 0) throw new Error(`dstack ${args.join(' ')} --json ended with ${code}\n${stderr}${stdout}`);
      return JSON.parse(stdout) as T;
    },
    status,
    start,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: async () => {
      await end('SIGTERM').catch(() => end('SIGKILL'));
      await removeLeftovers(engine, { home, installation });
      if (options.home === undefined) rmSync(home, { recursive: true, force: true });
    },
  };
  if (options.start !== false) {
    try {
      await start();
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }
  return daemon;
}

function ask(socket: string): Promise<DaemonStatus | null> {
  return new Promise((resolve) => {
    const sent = request({ socketPath: socket, path: routes.daemonStatus.path, timeout: 5000 }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      answer.on('end', () => resolve(answer.statusCode === 200 ? (JSON.parse(body) as DaemonStatus) : null));
      answer.on('error', () => resolve(null));
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(null));
    sent.end();
  });
}
