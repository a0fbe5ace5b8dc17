/**
 * `npm run bench`: every figure in one run, ratios against a peer measured beside it. Uses the engine of DOCKER_HOST, or starts one of its own.
 * An absolute time means nothing by itself: it says what the ratio was made of.
 */
import { startDaemon } from '../support/daemon.ts';
import setup from '../support/global-setup.ts';
import { scratchDir } from '../support/scratch.ts';
import { benchEnvironment } from './environment.ts';
import { benchHandover } from './handover.ts';
import { benchIdle } from './idle.ts';
import { benchJobs } from './jobs.ts';
import { benchLogClients } from './log-clients.ts';
import { benchLogLatency } from './log-latency.ts';
import { benchLogThroughput } from './log-throughput.ts';
import type { Figure } from './measure.ts';
import { benchPs } from './ps.ts';
import { checkout, published } from './published.ts';
import { benchRun } from './run.ts';
import { benchSnapshot } from './snapshot.ts';
import { benchSubmit } from './submit.ts';
import { benchWatch } from './watch.ts';

const close = await setup();
try {
  const figures: Figure[] = [];
  const dstack = published();
  const add = (figure: Figure): void => {
    figures.push(figure);
    const verdict = figure.value <= figure.target ? 'ok ' : 'MISSED';
    const aim = figure.target === Infinity ? '(for comparison)    ' : `(at most ${figure.target}) ${verdict}`;
    console.log(`${figure.name.padEnd(36)} ${figure.value.toFixed(2).padStart(8)} ${figure.unit}  ${aim}  ${figure.detail}`);
  };
  {
    // as users start it
    await using daemon = await startDaemon({ start: false });
    // the second start: the first fills the cache of compiled code
    for (const verb of ['start', 'stop', 'start']) dstack(['daemon', verb], { env: daemon.env });
    add(await benchRun(dstack, daemon, scratchDir('b')));
    add({ ...(await benchRun(checkout, daemon, scratchDir('b'))), name: 'the same from a checkout', target: Infinity });
    add(await benchLogLatency(daemon, scratchDir('b')));
    for (const figure of await benchIdle((await daemon.status())?.pid ?? 0)) add(figure);
  }
  // each with a daemon of its own: what is idle above has done what it says, and no more
  {
    await using daemon = await startDaemon();
    add(benchEnvironment(daemon, scratchDir('b')));
    for (const figure of await benchLogThroughput(daemon, scratchDir('b'))) add(figure);
  }
  for (const figure of await benchPs(dstack, scratchDir('b'))) add(figure);
  for (const goesOn of [false, true]) for (const figure of await benchWatch(scratchDir('b'), goesOn)) add(figure);
  add(await benchJobs(dstack, scratchDir('b')));
  add(await benchLogClients(scratchDir('b')));
  add(await benchHandover(scratchDir('b')));
  add(await benchSubmit(scratchDir('b')));
  add(await benchSnapshot());
  process.exitCode = figures.some((figure) => figure.value > figure.target) ? 1 : 0;
} finally {
  await close();
}
