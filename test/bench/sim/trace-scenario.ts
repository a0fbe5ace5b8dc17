/**
 * The trace scaled down: fewer hosts in the same proportions, and arrivals moved until these are loaded as wanted. A small pool is at the mercy
 * of the few tasks that run for weeks, so it is replayed several times: each replay samples other hosts and begins at another point of the
 * trace, going round at its end.
 */
import { declareBounds } from './bounds.ts';
import { offeredCpuLoad, offeredLoad, scaleArrivals } from './load.ts';
import { gpusIn, type Scenario, type Task } from './model.ts';
import { createRandom } from './random.ts';
import { emptyRooms, fits } from './rooms.ts';
import { describePool, sampleHosts } from './sample.ts';
import type { Trace } from './trace.ts';

/** Before this the trace has less than one task a day, most of them services that never end: they would hold the small pool for good. */
const beginning = 10_000_000_000;

export interface TraceOptions {
  hosts: number;
  load: number;
  maxDuration: boolean;
  seed: number;
  /** this one is number `replay` (from 0) of `replays` */
  replay: number;
  replays: number;
}

export function traceScenario(trace: Trace, options: TraceOptions): Scenario {
  const { replay, replays } = options;
  const hosts = sampleHosts(trace.hosts, options.hosts, (replay + 0.5) / replays);
  const later = trace.tasks.filter((task) => task.arrives >= beginning);
  const empty = emptyRooms(hosts);
  const possible = rotate(
    later.filter((task) => fits(empty, task)),
    replay / replays,
  );
  const scaled = scaleArrivals(possible, hosts, options.load);
  return {
    title: `2023 trace, ${options.hosts} hosts, ${options.maxDuration ? 'with' : 'without'} max_duration`,
    hosts,
    tasks: options.maxDuration ? declareBounds(scaled.tasks, createRandom(options.seed + replay)) : scaled.tasks,
    notes: [
      `Replay ${replay + 1}: ${describePool(hosts)}: ${gpusIn(hosts)} GPUs. ${possible.length} runs (left out: ${trace.unscheduled} never scheduled, ` +
        `${trace.tasks.length - later.length} from before the trace's busy part, ${later.length - possible.length} that fit none of these hosts). ` +
        `Arrivals × ${scaled.factor.toFixed(3)}: offered GPU load ${offeredLoad(scaled.tasks, hosts).toFixed(3)}, ` +
        `of cores ${offeredCpuLoad(scaled.tasks, hosts).toFixed(2)}.`,
    ],
  };
}

/** Begins after this share of the time between the first arrival and the last, and goes round. The first arrives at 0. */
function rotate(tasks: readonly Task[], share: number): Task[] {
  const start = tasks[0]?.arrives ?? 0;
  const span = (tasks.at(-1)?.arrives ?? 0) - start;
  const turned = tasks.map((task) => ({ ...task, arrives: (task.arrives - start + span * (1 - share)) % span }));
  const ordered = turned.toSorted((a, b) => a.arrives - b.arrives);
  const first = ordered[0]?.arrives ?? 0;
  return ordered.map((task) => ({ ...task, arrives: task.arrives - first }));
}
