/**
 * What runs use, as it is measured, kept and shown, on a real engine. The GPUs are stand-ins (test/support/gpu-stand-in.ts): their nvidia-smi says what the
 * test wants it to say.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEntry, Run, Sample, Stats, Usage } from '../../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { startEngine, type TestEngine } from '../../support/engine.ts';
import { gpuStandIn, type GpuStandIn } from '../../support/gpu-stand-in.ts';
import { projectWith } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';
import { untilStatus } from './fixture.ts';

let standIn: GpuStandIn;
let engine: TestEngine;
let daemon: TestDaemon;
let cwd: string;

const job = (name: string, command: string, more: string): string =>
  `- name: ${name}\n  provider: bash\n  commands: [${JSON.stringify(command)}]\n${more}`;
const oneGpu = '  resources: {gpu: 1}\n';

beforeAll(async () => {
  standIn = gpuStandIn(2);
  engine = await startEngine({ env: { PATH: standIn.bin } });
  daemon = await startDaemon({
    engine: engine.host,
    env: { PATH: `${standIn.bin}:${process.env['PATH']}` },
    config: { sample_every: '1s', gpus: { read_every: '1s' } },
  });
  cwd = await projectWith(
    [
      job('burn', 'x=$(head -c 30000000 /dev/zero | tr "\\0" x); while :; do :; done', oneGpu),
      job('sleep', 'sleep 600', oneGpu),
      job('lazy', 'sleep 600', `${oneGpu}  idle_timeout: 3s\n`),
      job('busy', 'sleep 600', `${oneGpu}  idle_timeout: 3s\n`),
      job('nap', 'sleep 600', '  idle_timeout: 2s\n'),
      job('work', 'while :; do :; done', '  idle_timeout: 2s\n'),
      job('short', 'true', ''),
    ].join('\n'),
  );
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await engine?.stop();
});

/** Submits it, and waits until it runs. */
async function running(workflow: string): Promise<Run> {
  const { stdout, stderr } = await daemon.cli(['run', workflow, '-d'], { cwd });
  if (stdout === '') throw new Error(stderr);
  return untilStatus(daemon, cwd, stdout.trim(), 'running');
}
const statsOf = (name: string): Promise<Stats> => daemon.json<Stats>(['stats', name], { cwd });
const untilSample = (name: string, what: string, wanted: (sample: Sample) => boolean): Promise<Sample> =>
  waitFor(async () => (await statsOf(name)).samples.findLast(wanted), `a sample of ${name}: ${what}`, { seconds: 60, every: 200 });
const end = (name: string): Promise<Run> =>
  daemon.cli(['stop', name, '-x', '-y'], { cwd }).then(() => untilStatus(daemon, cwd, name, 'aborted'));
/** From now on nvidia-smi says this of the GPU of each of these runs, and that the others do nothing. */
const gpusOf = (says: [run: Run, utilization: number, usedMiB: number][]): void =>
  standIn.smi.set(
    standIn.uuids.map((uuid) => {
      const [, utilization = 0, used = 0] = says.find(([run]) => run.gpus[0] === uuid) ?? [];
      return { uuid, utilization, used };
    }),
  );

describe('the samples of runs', () => {
  test('are each its own, go on after the daemon was killed, and show what moves', async () => {
    const [burn, sleep] = [await running('burn'), await running('sleep')];
    expect(new Set([...burn.gpus, ...sleep.gpus]).size).toBe(2);
    gpusOf([
      [burn, 80, 10_000],
      [sleep, 20, 500],
    ]);
    const hot = await untilSample(burn.name, 'its GPU at work', (s) => s.gpus[0]?.utilization === 80 && (s.cpu ?? 0) > 0.1);
    const cold = await untilSample(sleep.name, 'its GPU too', (s) => s.gpus[0]?.utilization === 20 && s.cpu !== null);
    expect(hot).toMatchObject({ gpus: [{ memory: 10_000 * 2 ** 20 }] });
    expect(cold).toMatchObject({ gpus: [{ memory: 500 * 2 ** 20 }] });
    expect(hot.memory).toBeGreaterThan(30e6);
    expect(cold.memory).toBeLessThan(30e6);
    expect(cold.cpu).toBeLessThan(hot.cpu ?? 0);

    await daemon.kill();
    gpusOf([[burn, 33, 10_000]]);
    await daemon.start();
    const { at } = await untilSample(burn.name, 'of the second daemon', (s) => s.gpus[0]?.utilization === 33 && s.cpu !== null);
    const { attempt, gpus, samples, status } = await statsOf(burn.name);
    expect({ attempt, gpus, status }).toEqual({ attempt: 1, gpus: burn.gpus, status: 'running' });
    expect(Date.parse(at)).toBeGreaterThan(Date.parse(hot.at));
    expect(samples).toContainEqual(hot);
    // none overlaps another
    for (const [i, one] of samples.slice(1).entries()) {
      const before = samples[i];
      expect(Date.parse(one.at)).toBeGreaterThanOrEqual(Date.parse(before?.at ?? '') + (before?.span ?? 0));
    }

    const shown = await daemon.cli(['stats', burn.name], { cwd, env: { LC_ALL: 'C.UTF-8' } });
    expect(shown.stdout).toMatch(/^GPU \d {9}[▁▂▃▄▅▆▇█ ]+ 33 % +\d+ % +80 %$/m);
    expect(shown.stdout).toMatch(/^CPU cores /m);
    expect((await daemon.cli(['stats', burn.name], { cwd, env: { LC_ALL: 'C' } })).stdout).toMatch(/^[\n\u0020-\u007e]*$/);

    await Promise.all([end(burn.name), end(sleep.name)]);
    expect((await statsOf(burn.name)).status).toBe('aborted');
  });

  test('are not there for one that was too short, and that is said', async () => {
    const name = (await daemon.cli(['run', 'short', '-d'], { cwd })).stdout.trim();
    await untilStatus(daemon, cwd, name, 'done');
    expect(await statsOf(name)).toMatchObject({ samples: [] });
    const { code, stdout, stderr } = await daemon.cli(['stats', name], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain(`There are no samples of attempt 1 of ${name}`);
    const other = await daemon.cli(['stats', name, '--attempt', '7'], { cwd });
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('has no attempt 7') as string });
  });

  test('go on when the engine does, after it did not answer for a while', async () => {
    const run = await running('sleep');
    gpusOf([[run, 44, 100]]);
    await untilSample(run.name, 'before', (s) => s.cpu !== null);
    process.kill(engine.pid, 'SIGSTOP');
    try {
      const count = (await statsOf(run.name)).samples.length;
      // the daemon answers all the while
      await waitFor(async () => (await daemon.status())?.engine.reachable !== undefined, 'the daemon to answer');
      expect((await statsOf(run.name)).samples.length).toBeGreaterThanOrEqual(count);
    } finally {
      process.kill(engine.pid, 'SIGCONT');
    }
    const since = Date.now();
    await untilSample(run.name, 'after', (s) => Date.parse(s.at) > since && s.cpu !== null);
    await end(run.name);
  });
});

describe('idle_timeout', () => {
  test('ends a run that leaves its GPU idle, and not one that does not', async () => {
    standIn.smi.set(standIn.uuids.map((uuid) => ({ uuid, utilization: 50 })));
    const [lazy, busy] = [await running('lazy'), await running('busy')];
    gpusOf([[busy, 50, 0]]);
    const failed = await untilStatus(daemon, cwd, lazy.name, 'failed');
    expect(failed.reason).toBe('left its GPU idle for 3s (idle_timeout)');
    const [other] = (await daemon.json<Run[]>(['ps'], { cwd })).filter((run) => run.name === busy.name);
    expect(other?.status).toBe('running');
    await end(busy.name);
  });
  test('without GPUs is about the CPUs', async () => {
    const work = await running('work');
    const nap = await running('nap');
    expect((await untilStatus(daemon, cwd, nap.name, 'failed')).reason).toBe('used no CPU for 2s (idle_timeout)');
    expect((await daemon.json<Run[]>(['ps'], { cwd })).find((run) => run.name === work.name)?.status).toBe('running');
    await end(work.name);
  });
});

test('usage and who ended what survive rm', async () => {
  const run = await running('sleep');
  await untilSample(run.name, 'any', () => true);
  const usage = async (...more: string[]) => daemon.json<Usage[]>(['usage', ...more], { cwd });
  const [before] = (await usage('--by', 'run')).filter((one) => one.key === run.name);
  expect(before).toMatchObject({ runs: 1 });
  expect(before?.gpuHours).toBeGreaterThan(0);
  await daemon.cli(['stop', run.name, '-y'], { cwd });
  await untilStatus(daemon, cwd, run.name, 'stopped');
  await daemon.cli(['rm', run.name, '-y'], { cwd });
  const after = (await usage('--by', 'run')).find((one) => one.key === run.name);
  expect(after?.gpuHours).toBeGreaterThanOrEqual(before?.gpuHours ?? Infinity);
  expect(after?.gpuHours).toBe(after?.hours);
  const total = await usage();
  expect(total).toHaveLength(1);
  expect(total[0]?.gpuHours).toBeCloseTo(
    (await usage('--by', 'workflow')).reduce((sum, one) => sum + one.gpuHours, 0),
    6,
  );
  expect(await usage('--since', '2999-01-01')).toEqual([]);

  const audit = await daemon.json<AuditEntry[]>(['audit'], { cwd });
  const user = total[0]?.key;
  expect(audit.filter((entry) => entry.run === run.name)).toMatchObject([
    { action: 'rm', detail: 'was stopped', user, owner: user },
    { action: 'stop', detail: 'was running', user, owner: user },
  ]);
  const { stdout } = await daemon.cli(['audit', '--since', '1h'], { cwd });
  expect(stdout).toMatch(new RegExp(`stop +${run.name} +${user} +was running`));
  expect((await daemon.cli(['usage', '--by', 'workflow'], { cwd })).stdout).toMatch(/^WORKFLOW +GPU-HOURS +HOURS +RUNS\n/);
  // the run's samples go with its log
  await daemon.cli(['gc'], { cwd });
  const [newest] = await daemon.json<AuditEntry[]>(['audit'], { cwd });
  expect(newest).toMatchObject({ action: 'gc', user, detail: expect.stringMatching(/^freed .* of logs \(1\)/) });
  expect(await daemon.json<AuditEntry[]>(['audit', '--until', '2020-01-01'], { cwd })).toEqual([]);
  expect((await daemon.cli(['audit', '--until', 'soon'], { cwd })).stderr).toContain('--until takes 30s');
  expect((await daemon.cli(['stats', run.name], { cwd })).stderr).toContain('Cannot find the run');
});
