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
import { benchLogClients } from './log-clients.ts';
import { benchLogLatency } from './log-latency.ts';
import { benchLogThroughput } from './log-throughput.ts';
import type { Figure } from './measure.ts';
import { benchRun } from './run.ts';
import { benchSnapshot } from './snapshot.ts';
import { benchSubmit } from './submit.ts';

const close = await setup();
try {
  const figures: Figure[] = [];
  const add = (figure: Figure): void => {
    figures.push(figure);
    const verdict = figure.value <= figure.target ? 'ok ' : 'MISSED';
    console.log(
      `${figure.name.padEnd(34)} ${figure.value.toFixed(2).padStart(8)} ${figure.unit}  (at most ${figure.target}) ${verdict}  ${figure.detail}`,
    );
  };
  {
    // as users start it
    await using daemon = await startDaemon({ start: false });
    // the second start: the first fills the cache of compiled code
    for (const verb of ['start', 'stop', 'start']) await daemon.cli(['daemon', verb]);
    add(await benchRun(daemon, scratchDir('b')));
    add(await benchLogLatency(daemon, scratchDir('b')));
    for (const figure of await benchIdle((await daemon.status())?.pid ?? 0)) add(figure);
  }
  // each with a daemon of its own: what is idle above has done what it says, and no more
  {
    await using daemon = await startDaemon();
    add(benchEnvironment(daemon, scratchDir('b')));
    for (const figure of await benchLogThroughput(daemon, scratchDir('b'))) add(figure);
  }
  add(await benchLogClients(scratchDir('b')));
  add(await benchHandover(scratchDir('b')));
  add(await benchSubmit(scratchDir('b')));
  add(await benchSnapshot());
  process.exitCode = figures.some((figure) => figure.value > figure.target) ? 1 : 0;
} finally {
  await close();
}
