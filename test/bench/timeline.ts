/**
 * `node test/bench/timeline.ts [RUNS]`: where the time of one `dstack run hello` goes, from its process's start to its end, and the same of `docker run`. Of 11
 * runs in turn (or RUNS) the one of median length is shown. What passes between command, daemon and engine is seen on its way (tap.ts); the steps are those
 * of the daemon's log.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, statSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { homeFiles } from '../../shared/home.ts';
import { socketPath } from '../../shared/socket.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import setup from '../support/global-setup.ts';
import { scratchDir } from '../support/scratch.ts';
import { tinyImage } from '../support/tiny-image.ts';
import { buildPublished } from './published.ts';
import { nowMs, tap, type Passed } from './tap.ts';

/** The engine's calls in few words; names and ids say nothing here. */
const engineCall = (method: string, path: string): string | null => {
  const [where = ''] = path.replace(/^\/v1\.\d+/, '').split('?');
  const words = where
    .replace(/[0-9a-f]{12,}|dstack-[\w.-]+/g, '…')
    .replaceAll(encodeURIComponent(tinyImage), '…')
    .replaceAll(tinyImage, '…');
  return /stats|_ping|events/.test(words) ? null : `engine: ${method} ${words}`;
};
const daemonCall = (method: string, path: string): string => `asked: ${method} ${path.replace(/\/runs\/[^/]+\//, '/runs/…/')}`;

/** A command from its start to its end, with what it prints. */
async function timed(program: string, args: string[], cwd: string, env: NodeJS.ProcessEnv, tell: (passed: Passed) => void): Promise<void> {
  tell({ at: nowMs(), what: 'the command is started' });
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.once('data', () => tell({ at: nowMs(), what: 'its output arrives: hello' }));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  tell({ at: nowMs(), what: 'the command has ended' });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}

/** The steps that the daemon's log tells, from `offset` on. */
function steps(daemon: TestDaemon, offset: number): Passed[] {
  const text = readFileSync(homeFiles(daemon.home).daemonLog).subarray(offset).toString('utf8');
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    const { time, msg, step } = JSON.parse(line) as { time: string; msg: string; step?: string };
    const known = msg === 'step' ? `step: ${step}` : ['files taken', 'in the queue', 'placed'].includes(msg) ? `daemon: ${msg}` : null;
    return known === null ? [] : [{ at: Date.parse(time), what: known }];
  });
}

function print(title: string, passed: Passed[]): void {
  const all = passed.toSorted((a, b) => a.at - b.at);
  const begin = all[0]?.at ?? 0;
  const end = all.find(({ what }) => what === 'the command has ended')?.at ?? Infinity;
  console.log(`\n${title}: ${(end - begin).toFixed(0)} ms`);
  let last = begin;
  for (const { at, what } of all) {
    if (at > end + 150) break;
    console.log(`${(at - begin).toFixed(1).padStart(8)} ${`+${(at - last).toFixed(1)}`.padStart(8)}  ${at > end ? '(after) ' : ''}${what}`);
    last = at;
  }
}

const lengthOf = (passed: Passed[]): number =>
  (passed.find(({ what }) => what === 'the command has ended')?.at ?? 0) - (passed[0]?.at ?? 0);
const middle = (all: Passed[][]): Passed[] => all.toSorted((a, b) => lengthOf(a) - lengthOf(b))[all.length >> 1] ?? [];

const close = await setup();
try {
  const count = Number(process.argv[2] ?? 11);
  const dir = scratchDir('b');
  mkdirSync(join(dir, '.dstack'));
  writeFileSync(
    join(dir, '.dstack/workflows.yaml'),
    `workflows:\n  - name: hello\n    provider: docker\n    image: ${tinyImage}\n    commands: [echo hello]\n`,
  );
  const [program, ...words] = buildPublished();
  let told: Passed[] = [];
  const tell = (passed: Passed): void => void told.push(passed);
  const endpoint = (process.env['DOCKER_HOST'] ?? '').replace(/^unix:\/\//, '');
  const engine = join(dir, 'e.sock');
  await tap(engine, endpoint, tell, engineCall);
  await using daemon = await startDaemon({ engine: `unix://${engine}`, env: { DSTACK_LOG: 'debug' } });
  // where the command looks for its daemon
  const home = join(dir, 'home');
  mkdirSync(home, { mode: 0o700 });
  await tap(socketPath(home), socketPath(daemon.home), tell, daemonCall);
  const env = { ...daemon.env, DSTACK_HOME: home };
  const [ours, theirs]: [Passed[][], Passed[][]] = [[], []];
  for (let i = -2; i < count; i++) {
    const { size } = statSync(homeFiles(daemon.home).daemonLog);
    told = [];
    await timed(program, [...words, 'run', 'hello'], dir, env, tell);
    // what the daemon does afterwards is of this run too
    await pause(300);
    if (i >= 0) ours.push([...told, ...steps(daemon, size)].toSorted((a, b) => a.at - b.at));
    told = [];
    await timed('docker', ['run', '--rm', tinyImage, 'bash', '-c', 'echo hello'], dir, { ...env, DOCKER_HOST: `unix://${engine}` }, tell);
    if (i >= 0) theirs.push(told);
    await pause(200);
  }
  print('dstack run hello', middle(ours));
  print('docker run --rm … echo hello', middle(theirs));
} finally {
  await close();
}
