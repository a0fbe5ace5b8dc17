/** `node test/bench/sim/main.ts`: what the daemon's own scheduler makes of a load, beside other policies. See --help. */
import type { HostState } from '../../../daemon/scheduler/model.ts';
import { measure } from './figures.ts';
import { generate, source as drawn } from './generate.ts';
import type { Scenario } from './model.ts';
import { help, readOptions, type Options, type PolicyName } from './options.ts';
import { backfill } from './policies/backfill.ts';
import { fifo } from './policies/fifo.ts';
import { ours } from './policies/ours.ts';
import type { Policy } from './policies/policy.ts';
import { shortest } from './policies/shortest.ts';
import { parsePool } from './pool-spec.ts';
import { report } from './report.ts';
import { traceScenario } from './trace-scenario.ts';
import { readTrace, source as trace } from './trace.ts';

const known: Record<PolicyName, Policy> = { ours, fifo, backfill, shortest };

const options = readOptions(process.argv.slice(2));
if (options.ok) run(options.value);
else {
  console.error(options.failure.message);
  process.exitCode = 2;
}

function run(options: Options): void {
  if (options.help) return console.log(help);
  const policies = options.policies.map((name) => known[name]);
  const replayed = options.generated === null;
  if (!options.json) console.log(`Source: ${replayed ? trace : drawn}.\n`);
  const results: { scenario: string; notes: readonly string[]; figures: unknown[] }[] = [];
  for (const replays of scenarios(options)) {
    const figures = policies.map((policy) => measure(replays, policy));
    results.push({ scenario: replays[0]!.title, notes: replays.flatMap(({ notes }) => notes), figures });
    if (!options.json) console.log(`${report(replays, figures)}\n`);
  }
  if (options.json) console.log(JSON.stringify(results, null, 2));
}

/** Each with its replays. */
function* scenarios(options: Options): Iterable<Scenario[]> {
  const { load, generated, interruptible, seed, replays } = options;
  const data = generated === null ? readTrace(options.traces, interruptible) : null;
  const each = Array.from({ length: replays }, (_, replay) => replay);
  for (const hosts of options.pool === null ? options.hosts : [0]) {
    for (const maxDuration of options.maxDuration) {
      if (data) {
        yield each.map((replay) => traceScenario(data, { hosts, load, maxDuration, seed, replay, replays }));
      } else {
        const { runs } = options;
        const pool = options.pool ?? usualPool(hosts);
        const share = interruptible ? 0.3 : 0;
        yield each.map((replay) =>
          generate({ cluster: generated!, hosts: pool, runs, load, maxDuration, interruptible: share, seed: seed + replay }),
        );
      }
    }
  }
}

/** Two thirds of the hosts with 8 A100, the others with 4 T4. */
function usualPool(hosts: number): HostState[] {
  const large = Math.ceil((2 * hosts) / 3);
  return parsePool(`${large}x8xA100:80GB${hosts > large ? `,${hosts - large}x4xT4:16GB` : ''}`)!;
}
