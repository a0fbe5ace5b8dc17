/** The parts that make a scenario: reading, sampling, scaling, drawing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratchDir } from '../../support/scratch.ts';
import { declareBounds } from './bounds.ts';
import { clusters, generate } from './generate.ts';
import { offeredLoad } from './load.ts';
import { parsePool } from './pool-spec.ts';
import { createRandom } from './random.ts';
import { accepts } from './rooms.ts';
import { describePool, sampleHosts } from './sample.ts';
import { readTrace } from './trace.ts';
import { createUsageBook } from './usage.ts';

describe('the trace', () => {
  const dir = scratchDir('trace');
  writeFileSync(
    join(dir, 'openb_node_list_gpu_node.csv'),
    'sn,cpu_milli,memory_mib,gpu,model\nn0,64000,1024,2,T4\nn1,96000,2048,1,V100M16\n',
  );
  writeFileSync(
    join(dir, 'openb_pod_list_gpuspec33.csv'),
    [
      'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time',
      'late,500,16,1,460,,BE,Running,30,70,40',
      'early,12000,16,2,1000,V100M16|V100M32,LS,Running,10,50,10',
      'never,12000,16,1,1000,T4,LS,Pending,20,,',
      'cores,1000,16,0,0,,LS,Running,40,41,40',
      '',
    ].join('\n'),
  );
  const { hosts, tasks, unscheduled } = readTrace(dir, true);
  test('run time is deletion − scheduled; what was never scheduled is left out; a fraction is a GPU; BE is interruptible', () => {
    expect(unscheduled).toBe(1);
    expect(tasks.map(({ id, arrives, runs, interruptible, jobs }) => [id, arrives, runs, interruptible, jobs[0]!.gpu?.count])).toEqual([
      ['early', 10_000, 40_000, false, 2],
      ['late', 30_000, 30_000, true, 1],
      ['cores', 40_000, 1000, false, undefined],
    ]);
  });
  test('a list of models is accepted by exactly those', () => {
    const [t4, v100] = hosts.map((host) => host.gpus[0]!);
    const [either] = tasks.map((task) => task.jobs[0]!.gpu!);
    expect([accepts(t4!, either!), accepts(v100!, either!)]).toEqual([false, true]);
    expect([accepts(t4!, { count: 1, name: '[T4]', memory: null }), accepts(v100!, { count: 1, name: '[T4]', memory: null })]).toEqual([
      true,
      false,
    ]);
  });
});

test('a sample of a pool keeps its proportions', () => {
  const pool = parsePool('60x8xA100:80GB,30x4xT4:16GB,10x1xH100:80GB')!;
  expect(describePool(sampleHosts(pool, 10, 0.5))).toBe('6 × 8 A100, 1 × 1 H100, 3 × 4 T4');
  expect(parsePool('many')).toBeNull();
});

test.each(Object.keys(clusters) as (keyof typeof clusters)[])(
  'a load as %s: as heavy as asked for, the same for the same seed',
  (cluster) => {
    const hosts = parsePool('2x8xA100:80GB,1x4xT4:16GB')!;
    const options = { cluster, hosts, runs: 3000, load: 0.9, maxDuration: true, interruptible: 0.3, seed: 7 };
    const { tasks } = generate(options);
    expect(offeredLoad(tasks, hosts)).toBeCloseTo(0.9, 2);
    expect(generate(options).tasks).toEqual(tasks);
    expect(generate({ ...options, seed: 8 }).tasks).not.toEqual(tasks);
    const lengths = tasks.map(({ runs }) => runs / 1000).toSorted((a, b) => a - b);
    // the median of a lognormal is e^μ
    expect(Math.log(lengths[1500]!)).toBeCloseTo(clusters[cluster].mu, 0);
    expect(lengths.at(-1)).toBeLessThanOrEqual(clusters[cluster].longest);
  },
);

test('a declared bound is a multiple of 15 min, at least the run time and at most ten times it and a quarter', () => {
  const hosts = parsePool('1x8xA100:80GB')!;
  const { tasks } = generate({ cluster: 'pai', hosts, runs: 500, load: 0.9, maxDuration: false, interruptible: 0, seed: 1 });
  for (const { runs, bound } of declareBounds(tasks, createRandom(1))) {
    expect(bound! % 900_000).toBe(0);
    expect(bound).toBeGreaterThanOrEqual(runs);
    expect(bound).toBeLessThan(10 * runs + 900_000);
  }
});

test('usage halves in a day, and what is held counts while it is held', () => {
  const day = 86_400_000;
  const book = createUsageBook();
  book.change('a', 2, 0);
  book.change('a', -2, 1000);
  expect(book.at(1000).get('a')).toBeCloseTo(2, 4);
  expect(book.at(1000 + day).get('a')).toBeCloseTo(1, 4);
  book.change('b', 1, 0);
  // one GPU for ever: the integral of 2^(−age / day) is a day / ln 2
  expect(book.at(100 * day).get('b')).toBeCloseTo(86_400 / Math.LN2, 3);
});
