/**
 * Private Docker Engines for tests: their own data, socket, containerd namespace and network, below the folder of the test run, whose guard
 * removes what a test could not.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bridgeFlags, makeBridge } from './bridge.ts';
import { must } from './command.ts';
import { engineRequest } from './engine-api.ts';
import { isAlive, signal } from './processes.ts';
import { reap } from './reap.ts';
import { scratchDir } from './scratch.ts';
import { mountSmallDisk } from './small-disk.ts';
import { ensureTinyImage } from './tiny-image.ts';
import { waitFor } from './wait-for.ts';

export interface EngineOptions {
  /** the engine's data lies on a file system of this many bytes */
  disk?: { bytes: number; kind: 'tmpfs' | 'ext4' };
  /** daemon.json */
  config?: object;
  /** folder of CDI specifications; an engine before Docker 25, which knows no CDI, is started without */
  cdi?: string;
  /** for dockerd and what it starts; PATH is put before the usual one */
  env?: Record<string, string>;
  flags?: string[];
  /** false: without dstack-test/tiny:1 */
  tinyImage?: boolean;
}

export interface TestEngine {
  /** for DOCKER_HOST */
  host: string;
  dir: string;
  /** of dockerd; another one after restart */
  readonly pid: number;
  /** what dockerd has printed so far */
  log(): string;
  /** `graceful`: SIGTERM, which also ends its containers; `kill`: SIGKILL of dockerd, as a crash. Back when it answers again; `whileAway` is between */
  restart(how: 'graceful' | 'kill', whileAway?: () => Promise<void>): Promise<void>;
  /** ends it and its containers, and deletes everything of it */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts an engine and waits until it answers. Throws with the end of its log when it does not. */
export async function startEngine(options: EngineOptions = {}): Promise<TestEngine> {
  requireDockerd();
  const dir = scratchDir('e');
  const host = `unix://${dir}/docker.sock`;
  if (options.disk) await mountSmallDisk(join(dir, 'data'), options.disk.bytes, options.disk.kind);
  writeFileSync(join(dir, 'daemon.json'), JSON.stringify({ ...(options.cdi ? await cdiConfig(options.cdi) : {}), ...options.config }));
  const network = bridgeFlags(await makeBridge(dir));
  const log = () => (existsSync(join(dir, 'log')) ? readFileSync(join(dir, 'log'), 'utf8') : '');

  const start = async (): Promise<number> => {
    const pid = spawnDockerd(dir, [...network, ...(options.flags ?? [])], options.env ?? {});
    const answers = async () => {
      if (!isAlive(pid)) return 'ended';
      return (await engineRequest(host, 'GET', '/_ping')).status === 200 && 'up';
    };
    const state = await waitFor(answers, `dockerd in ${dir} to answer`).catch(() => 'silent');
    if (state !== 'up') throw new Error(`dockerd ${state === 'ended' ? 'ended at its start' : 'does not answer'}:\n${log().slice(-3000)}`);
    return pid;
  };

  const stop = async () => {
    const problems = await reap(dir);
    if (problems.length > 0) throw new Error(problems.join('\n'));
  };
  let pid: number;
  try {
    pid = await start();
    if (options.tinyImage !== false) await ensureTinyImage(host);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    host,
    dir,
    get pid() {
      return pid;
    },
    log,
    restart: async (how, whileAway) => {
      signal(pid, how === 'kill' ? 'SIGKILL' : 'SIGTERM');
      await waitFor(() => !isAlive(pid), `dockerd ${pid} to end`, { seconds: 40 });
      // a killed one leaves it, and its number may belong to another process by now
      rmSync(join(dir, 'pid'), { force: true });
      await forgetContainerd(dir);
      await whileAway?.();
      pid = await start();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Docker 28 has CDI switched on, 25 to 27 must be told; those before refuse to start with a setting that they do not know. */
async function cdiConfig(dir: string): Promise<object> {
  const version = Number(/version (\d+)/.exec(await must('dockerd', ['--version'], { env: { PATH: pathOf() } }))?.[1]);
  return version < 25 ? {} : { features: { cdi: true }, 'cdi-spec-dirs': [dir] };
}

/** Where dockerd and what it starts are found; scripts/test --engine names a folder with those of another version. */
const pathOf = (before = ''): string =>
  [before, process.env['DSTACK_TEST_ENGINE'], process.env['PATH'], '/usr/sbin:/sbin'].filter(Boolean).join(':');

/** In a session of its own: Ctrl+C in the terminal of the tests is not for it. Returns its process id. */
function spawnDockerd(dir: string, flags: string[], env: Record<string, string>): number {
  const { PATH: before, ...others } = env;
  const log = openSync(join(dir, 'log'), 'a');
  const files = ['-H', `unix://${dir}/docker.sock`, '--config-file', `${dir}/daemon.json`, '--pidfile', `${dir}/pid`];
  const places = ['--data-root', `${dir}/data`, '--exec-root', `${dir}/x`];
  // where a system containerd runs, dockerd uses it: then at least in a namespace of its own
  const containerd = ['--containerd-namespace', `${dir.replaceAll('/', '-').slice(1)}`];
  const child = spawn('dockerd', [...files, ...places, ...containerd, ...flags], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { ...process.env, ...others, PATH: pathOf(before) },
  });
  closeSync(log);
  child.on('error', () => {}); // the log and the missing pid say it
  child.unref();
  return child.pid ?? 0;
}

/** A killed dockerd takes its containerd along, a moment later; and where nobody reaps that, the next dockerd takes the zombie for a living one. */
async function forgetContainerd(dir: string): Promise<void> {
  const file = join(dir, 'x/containerd/containerd.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8'));
  await waitFor(() => !isAlive(pid), `containerd ${pid} to end with its dockerd`, { seconds: 10 });
  rmSync(file, { force: true });
}

function requireDockerd(): void {
  const missing = ['dockerd', 'ip'].filter(
    (name) => !['/usr/sbin', '/usr/bin', '/sbin', '/usr/local/bin', '/usr/local/sbin'].some((dir) => existsSync(join(dir, name))),
  );
  if (process.getuid?.() !== 0)
    throw new Error(
      'A private Docker Engine needs root: run the tests as root, or set DOCKER_HOST (tests that need an engine of their own fail then).',
    );
  if (missing.length > 0)
    throw new Error(`${missing.join(' and ')} not found: scripts/test installs what the tests need (docker.io, iproute2, iptables).`);
}
