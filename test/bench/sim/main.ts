/** `node test/bench/sim/main.ts`: what the daemon's own scheduler makes of a load, beside other policies. See --help. */
import { measure } from './figures.ts';
import { generate } from './generate.ts';
import type { Scenario } from './model.ts';
import { help, readOptions, type Options } from './options.ts';
import { backfill } from './policies/backfill.ts';
import { fifo } from './policies/fifo.ts';
import { ours } from './policies/ours.ts';
import type { Policy } from './policies/policy.ts';
import { shortest } from './policies/shortest.ts';
import { parsePool } from './pool-spec.ts';
import { report } from './report.ts';
import { traceScenario } from './trace-scenario.ts';
import { readTrace } from './trace.ts';

const known: Record<string, Policy> = { ours, fifo, backfill, shortest };

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(help);
  else run(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

function run(options: Options): void {
  const policies = options.policies.map((name) => {
    if (!known[name]) throw new Error(`There is no policy '${name}'. There are ${Object.keys(known).join(', ')}.`);
    return known[name];
  });
  const results: { scenario: string; notes: readonly string[]; figures: unknown[] }[] = [];
  for (const scenario of scenarios(options)) {
    const figures = policies.map((policy) => measure(scenario, policy));
    results.push({ scenario: scenario.title, notes: scenario.notes, figures });
    if (!options.json) console.log(`${report(scenario, figures)}\n`);
  }
  if (options.json) console.log(JSON.stringify(results, null, 2));
}

function* scenarios(options: Options): Iterable<Scenario> {
  const { load, seed, generated, runs, interruptible } = options;
  const trace = generated === null ? readTrace(options.traces, interruptible) : null;
  for (const hosts of options.pool === null ? options.hosts : [0]) {
    for (const maxDuration of options.maxDuration) {
      if (trace) {
        yield traceScenario(trace, { hosts, load, maxDuration, seed });
      } else {
        const large = Math.ceil((2 * hosts) / 3);
        const spec = options.pool ?? `${large}x8xA100:80GB${hosts > large ? `,${hosts - large}x4xT4:16GB` : ''}`;
        const pool = parsePool(spec);
        if (!pool) throw new Error(`'${spec}' describes no pool. Example: 4x8xA100:80GB,2x4xT4:16GB`);
        yield generate({ cluster: generated!, hosts: pool, runs, load, maxDuration, interruptible: interruptible ? 0.3 : 0, seed });
      }
    }
  }
}
