/**
 * `scripts/test --servers --bench`: from `dstack run lab` to the moment its URL, printed, answers, on an environment that is warm, against the same server started with
 * plain `docker run`, in turn.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { must } from '../support/command.ts';
import { scratchDir } from '../support/scratch.ts';
import { serve, serversDaemon } from '../servers/fixture.ts';
import { serversImage } from '../servers/images.ts';
import setup from '../servers/setup.ts';
import type { TestDaemon } from '../support/daemon.ts';
import { median, type Figure } from './measure.ts';

const pairs = 5;

/** Until the page is there, not only the port (ms since `begun`). */
async function answered(url: string, begun: number): Promise<number> {
  for (;;) {
    const status = await fetch(url, { redirect: 'follow' }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return performance.now() - begun;
    if (performance.now() - begun > 60_000) throw new Error(`${url} does not answer`);
    await pause(10);
  }
}

async function ours(daemon: TestDaemon, cwd: string): Promise<number> {
  const begun = performance.now();
  await using served = await serve(daemon, cwd, 'lab');
  const took = await answered(served.url, begun);
  await served.stop();
  return took;
}

async function theirs(daemon: TestDaemon): Promise<number> {
  const docker = (...args: string[]) => must('docker', ['-H', daemon.engine, ...args]);
  const program = ['jupyter-lab', '--ip=0.0.0.0', '--port=8888', '--no-browser', '--allow-root', '--IdentityProvider.token=known'];
  const begun = performance.now();
  const id = (await docker('run', '-d', '-p', '127.0.0.1::8888', serversImage, ...program)).trim();
  const port = /:(\d+)/.exec(await docker('port', id, '8888'))?.[1];
  const took = await answered(`http://127.0.0.1:${port}/lab?token=known`, begun);
  await docker('rm', '-f', id);
  return took;
}

const close = await setup();
try {
  await using daemon = await serversDaemon();
  const cwd = scratchDir('b');
  // the first makes the environment
  await ours(daemon, cwd);
  await theirs(daemon);
  const rows: { ours: number; theirs: number }[] = [];
  for (let i = 0; i < pairs; i++) rows.push({ ours: await ours(daemon, cwd), theirs: await theirs(daemon) });
  const [a, b] = [median(rows.map((row) => row.ours)), median(rows.map((row) => row.theirs))];
  const detail = `${a.toFixed(0)} ms : ${b.toFixed(0)} ms, ${pairs} pairs`;
  const figures: Figure[] = [
    { name: 'JupyterLab answers on its URL', value: a, target: 3000, unit: 'ms', detail },
    { name: 'dstack run lab : docker run', value: a / b, target: 1.5, unit: 'ratio', detail },
  ];
  for (const { name, value, target, unit, detail: made } of figures)
    console.log(
      `${name.padEnd(34)} ${value.toFixed(2).padStart(8)} ${unit}  (at most ${target}) ${value <= target ? 'ok ' : 'MISSED'}  ${made}`,
    );
  process.exitCode = figures.some(({ value, target }) => value > target) ? 1 : 0;
} finally {
  await close();
}
