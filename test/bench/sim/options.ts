import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { HostState } from '../../../daemon/scheduler/model.ts';
import { fail, messageOf, ok, type Result } from '../../../shared/result.ts';
import { clusters, type Cluster } from './generate.ts';
import { parsePool } from './pool-spec.ts';

export const policyNames = ['ours', 'fifo', 'backfill', 'shortest'] as const;
export type PolicyName = (typeof policyNames)[number];

export const help = `node test/bench/sim/main.ts [options]: replays loads against a pool, policy beside policy.

  --hosts N[,N]         hosts of the scaled-down pool (default 2,8,50)
  --max-duration WHICH  with, without or both (default both)
  --load L              offered GPU load (default 0.9)
  --generated CLUSTER   a generated load instead of the trace: ${Object.keys(clusters).join(', ')}
  --runs N              of a generated load (default 5000)
  --pool SPEC           of a generated load, such as 4x8xA100:80GB,2x4xT4:16GB
                        (default: of --hosts, two thirds of 8 A100, one third of 4 T4)
  --interruptible       best-effort tasks of the trace, 30 % of a generated load, are interruptible
  --policies NAME[,…]   ours, fifo, backfill, shortest (default all)
  --traces DIR          default: $DSTACK_TRACES, else ../shared/traces beside the project
  --replays N           replays of each scenario, counted together (default 10): other hosts of the
                        trace's and another beginning, or another seed of a generated load
  --seed N              default 1
  --json                one array, for programs

Examples:
  node test/bench/sim/main.ts --hosts 8
  node test/bench/sim/main.ts --hosts 8 --max-duration with --interruptible
  node test/bench/sim/main.ts --generated philly --pool 4x8xA100:80GB`;

export interface Options {
  help: boolean;
  hosts: number[];
  maxDuration: boolean[];
  load: number;
  generated: Cluster | null;
  runs: number;
  pool: HostState[] | null;
  interruptible: boolean;
  policies: PolicyName[];
  traces: string;
  replays: number;
  seed: number;
  json: boolean;
}

/** What the arguments say, defaults filled in; or what is wrong with them. */
export function readOptions(args: string[]): Result<Options> {
  try {
    return ok(parse(args));
  } catch (error) {
    return fail('bad-arguments', messageOf(error), null);
  }
}

function parse(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', default: false },
      hosts: { type: 'string', default: '2,8,50' },
      'max-duration': { type: 'string', default: 'both' },
      load: { type: 'string', default: '0.9' },
      generated: { type: 'string' },
      runs: { type: 'string', default: '5000' },
      pool: { type: 'string' },
      interruptible: { type: 'boolean', default: false },
      policies: { type: 'string', default: 'ours,fifo,backfill,shortest' },
      traces: { type: 'string', default: process.env['DSTACK_TRACES'] ?? join(import.meta.dirname, '../../../../shared/traces') },
      replays: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const bounds = { with: [true], without: [false], both: [false, true] }[values['max-duration']];
  if (!bounds) throw new Error(`--max-duration is with, without or both, not '${values['max-duration']}'`);
  const generated = values.generated === undefined ? null : oneOf('--generated', values.generated, Object.keys(clusters) as Cluster[]);
  const pool = values.pool === undefined ? null : parsePool(values.pool);
  if (values.pool !== undefined && !pool) throw new Error(`'${values.pool}' describes no pool. Example: 4x8xA100:80GB,2x4xT4:16GB`);
  if (!values.help && generated === null && !existsSync(values.traces)) {
    throw new Error(`There is no folder ${values.traces}: --traces or DSTACK_TRACES says where the trace is.`);
  }
  return {
    ...values,
    hosts: values.hosts.split(',').map((hosts) => positive('--hosts', hosts)),
    maxDuration: bounds,
    load: positive('--load', values.load),
    generated,
    runs: positive('--runs', values.runs),
    pool,
    policies: values.policies.split(',').map((name) => oneOf('--policies', name, policyNames)),
    replays: positive('--replays', values.replays),
    seed: Number(values.seed),
  };
}

function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((name) => name === text);
  if (!found) throw new Error(`${option} knows ${known.join(', ')}, not '${text}'`);
  return found;
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${option} needs a number above 0, not '${text}'`);
  return value;
}
