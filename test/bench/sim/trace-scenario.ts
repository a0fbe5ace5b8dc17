/** The trace scaled down: fewer hosts in the same proportions, and arrivals moved until these are loaded as wanted. */
import { declareBounds } from './bounds.ts';
import { offeredCpuLoad, offeredLoad, scaleArrivals } from './load.ts';
import { gpusIn, type Scenario } from './model.ts';
import { createRandom } from './random.ts';
import { emptyRooms, fits } from './rooms.ts';
import { describePool, sampleHosts } from './sample.ts';
import { source, type Trace } from './trace.ts';

/** Before this the trace has less than one task a day, most of them services that never end: they would hold the small pool for good. */
const beginning = 10_000_000_000;

export function traceScenario(trace: Trace, options: { hosts: number; load: number; maxDuration: boolean; seed: number }): Scenario {
  const hosts = sampleHosts(trace.hosts, options.hosts);
  const later = trace.tasks.filter((task) => task.arrives >= beginning);
  const empty = emptyRooms(hosts);
  const possible = later.filter((task) => fits(empty, task));
  const start = possible[0]?.arrives ?? 0;
  const scaled = scaleArrivals(
    possible.map((task) => ({ ...task, arrives: task.arrives - start })),
    hosts,
    options.load,
  );
  return {
    title: `2023 trace, ${options.hosts} hosts, ${options.maxDuration ? 'with' : 'without'} max_duration`,
    hosts,
    tasks: options.maxDuration ? declareBounds(scaled.tasks, createRandom(options.seed)) : scaled.tasks,
    notes: [
      `Source: ${source}. A fraction of a GPU counts as one GPU.`,
      `Pool: ${describePool(hosts)}: ${gpusIn(hosts)} GPUs, sampled from ${trace.hosts.length} hosts in proportion.`,
      `Load: ${possible.length} runs. Left out: ${trace.unscheduled} never scheduled, ${trace.tasks.length - later.length} from before the trace's busy ` +
        `part, ${later.length - possible.length} that fit none of these hosts. Arrivals × ${scaled.factor.toFixed(3)}: ` +
        `offered GPU load ${offeredLoad(scaled.tasks, hosts).toFixed(3)}, of cores ${offeredCpuLoad(scaled.tasks, hosts).toFixed(2)}.`,
    ],
  };
}
