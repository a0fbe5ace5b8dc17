/**
 * What ten clients that follow one run cost the daemon: its memory with them, after each has read what was there and while more comes, less that without them.
 * `node test/bench/log-clients.ts` runs this alone.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startDaemon } from '../support/daemon.ts';
import { scratchDir } from '../support/scratch.ts';
import { tinyImage } from '../support/tiny-image.ts';
import { waitFor } from '../support/wait-for.ts';
import { median, type Figure } from './measure.ts';

const dstack = join(import.meta.dirname, '../../scripts/dstack');
const clients = 10;
/** what the run has printed when they come (bytes), and prints a second then (lines) */
const before = 50_000_000;

/** MB; the clients are processes of their own. */
export async function benchLogClients(cwd: string): Promise<Figure> {
  // as users start it, with its settings of memory
  await using daemon = await startDaemon({ start: false });
  await daemon.cli(['daemon', 'start']);
  const pid = (await daemon.status())?.pid;
  mkdirSync(join(cwd, '.dstack'), { recursive: true });
  const line = '0123456789'.repeat(10);
  const command = `yes ${line} | head -c ${before}; echo; echo ready; while :; do echo ${line}; sleep 0.01; done`;
  writeFileSync(
    join(cwd, '.dstack/workflows.yaml'),
    `workflows:\n  - name: much\n    provider: docker\n    image: ${tinyImage}\n    commands: [${JSON.stringify(command)}]\n`,
  );
  const { stdout } = await daemon.cli(['run', 'much', '-d'], { cwd });
  const run = stdout.trim();
  const follower = (...args: string[]): { child: ChildProcess; ready: Promise<void> } => {
    const child = spawn(dstack, ['logs', '-f', run, ...args], { cwd, env: daemon.env, stdio: ['ignore', 'pipe', 'ignore'] });
    const ready = Promise.withResolvers<void>();
    child.stdout.on('data', (chunk: Buffer) => void (chunk.includes('ready\n') && ready.resolve()));
    return { child, ready: ready.promise };
  };
  // one has read all of it: what reading itself leaves behind is not the clients'
  const first = follower();
  await first.ready;
  first.child.kill();
  const memory = async (): Promise<number> => {
    await pause(5_000);
    const values: number[] = [];
    for (let i = 0; i < 25; i++) {
      values.push(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000);
      await pause(200);
    }
    return median(values);
  };
  const without = await memory();
  const all = Array.from({ length: clients }, () => follower());
  await waitFor(() => Promise.all(all.map(({ ready }) => ready)), 'all of them to have read', { seconds: 300 });
  const with10 = await memory();
  for (const { child } of all) child.kill();
  await daemon.cli(['stop', run, '-x', '-y'], { cwd, seconds: 60 });
  const detail = `${without.toFixed(0)} MB → ${with10.toFixed(0)} MB, each has read ${before / 1e6} MB and follows`;
  return { name: `${clients} clients on one log, memory`, value: with10 - without, target: 20, unit: 'MB', detail };
}

if (import.meta.main) {
  const { default: setup } = await import('../support/global-setup.ts');
  const close = await setup();
  try {
    const { name, value, target, detail } = await benchLogClients(scratchDir('b'));
    console.log(`${name}: ${value.toFixed(1)} (at most ${target}; ${detail})`);
  } finally {
    await close();
  }
}
