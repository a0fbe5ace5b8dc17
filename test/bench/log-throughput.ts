/**
 * How fast a container's output comes through: `dstack run` against `docker logs -f` of a container that prints the same, both into /dev/null, in turn. And whether a million
 * lines arrive whole and in order over a connection that is cut ten times. `node test/bench/log-throughput.ts` runs these alone.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cuttingProxy } from '../support/cutting-proxy.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { scratchDir } from '../support/scratch.ts';
import { tinyImage } from '../support/tiny-image.ts';
import { median, type Figure } from './measure.ts';

const dstack = join(import.meta.dirname, '../../scripts/dstack');
const lines = 1_000_000;

interface Output {
  name: string;
  command: string;
  pairs: number;
}

const outputs: Output[] = [
  { name: '1,000,000 lines', command: `seq 1 ${lines}`, pairs: 20 },
  { name: '200 MB', command: `yes ${'0123456789'.repeat(10)} | head -c 200000000`, pairs: 10 },
];

/** The ratios of both outputs, and the lines that a connection cut ten times loses. */
export async function benchLogThroughput(daemon: TestDaemon, cwd: string, pairs?: number): Promise<Figure[]> {
  mkdirSync(join(cwd, '.dstack'), { recursive: true });
  const commands = outputs.map(({ command }) => command);
  const workflow = (command: string, i: number): string =>
    `  - name: out${i}\n    provider: docker\n    image: ${tinyImage}\n    commands: [${JSON.stringify(command)}]\n`;
  writeFileSync(join(cwd, '.dstack/workflows.yaml'), `workflows:\n${commands.map(workflow).join('')}`);
  const figures: Figure[] = [];
  for (const [i, output] of outputs.entries()) {
    const rows: { ours: number; theirs: number }[] = [];
    for (let pair = 0; pair < (pairs ?? output.pairs); pair++) {
      rows.push({ ours: intoNothing(dstack, ['run', `out${i}`], cwd, daemon.env), theirs: dockerLogs(commands[i] ?? '', daemon.env) });
    }
    const [a, b] = [median(rows.map(({ ours }) => ours)), median(rows.map(({ theirs }) => theirs))];
    const detail = `${(a / 1000).toFixed(2)} s : ${(b / 1000).toFixed(2)} s, ${rows.length} pairs`;
    figures.push({ name: `${output.name}, dstack run : docker logs -f`, value: a / b, target: 1, unit: 'ratio', detail });
  }
  figures.push(await cutLines(daemon, cwd));
  return figures;
}

function intoNothing(program: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): number {
  const nothing = openSync('/dev/null', 'w');
  const begun = performance.now();
  const { status } = spawnSync(program, args, { cwd, env, stdio: ['ignore', nothing, nothing] });
  const took = performance.now() - begun;
  closeSync(nothing);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}`);
  return took;
}

/** From before the container is started until its log has ended, as with `dstack run`. */
function dockerLogs(command: string, env: NodeJS.ProcessEnv): number {
  const begun = performance.now();
  const started = spawnSync('docker', ['run', '-d', '-t', tinyImage, 'sh', '-c', command], { env, encoding: 'utf8' });
  const container = started.stdout.trim();
  intoNothing('docker', ['logs', '-f', container], '/', env);
  const took = performance.now() - begun;
  spawnSync('docker', ['rm', '-f', container], { env, stdio: 'ignore' });
  return took;
}

/** Lines of a million that are missing, come twice or in another order, where the connection is cut ten times. */
async function cutLines(daemon: TestDaemon, cwd: string): Promise<Figure> {
  // what the daemon sends for it: lines of 8 or 9 bytes
  await using proxy = await cuttingProxy(daemon.home, 10, (cut) => 200_000 + cut * 50_000);
  const child = spawn(dstack, ['run', 'out0'], {
    cwd,
    env: { ...daemon.env, DSTACK_HOME: proxy.home },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const begun = performance.now();
  const ended = once(child, 'exit');
  let [expected, wrong, rest] = [1, 0, ''];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    const all = (rest + chunk.toString('latin1')).split('\n');
    rest = all.pop() ?? '';
    for (const line of all) if (Number(line) !== expected++) wrong++;
  }
  await ended;
  wrong += Math.abs(lines + 1 - expected);
  const detail = `of ${lines}, cut ${proxy.cuts()} times, ${((performance.now() - begun) / 1000).toFixed(1)} s`;
  return { name: 'lines lost or out of order, cut', value: proxy.cuts() === 10 ? wrong : NaN, target: 0, unit: 'lines', detail };
}

if (import.meta.main) {
  const { default: setup } = await import('../support/global-setup.ts');
  const close = await setup();
  try {
    await using daemon = await startDaemon();
    for (const figure of await benchLogThroughput(daemon, scratchDir('b'), Number(process.argv[2]) || undefined))
      console.log(`${figure.name}: ${figure.value.toFixed(2)} (at most ${figure.target}; ${figure.detail})`);
  } finally {
    await close();
  }
}
