/** `dstack gpus` with the real daemon and engine, and stand-ins for what NVIDIA puts on a machine (test/support/gpu-stand-in.ts). */
import { readdirSync, symlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Check, GpuInfo, RunDetail } from '../../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { startEngine, type TestEngine } from '../../support/engine.ts';
import { gpuStandIn, standInUuid, type GpuStandIn } from '../../support/gpu-stand-in.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { untilStatus } from '../runs/fixture.ts';

const foreign = { pid: process.pid, name: '/opt/venv/bin/python3', memory: 2000 };
const reset = '<gpu_recovery_action>Reset</gpu_recovery_action>';
const machine = (others: object[] = [foreign], busy = false) => [
  { uuid: standInUuid(0), ...(busy && { used: 40_000, utilization: 97, temperature: 61 }) },
  { uuid: standInUuid(1), used: 20 + 2_000 * others.length, processes: others as [] },
  { uuid: standInUuid(2), more: reset },
];

let standIn: GpuStandIn;
let engine: TestEngine;
let daemon: TestDaemon;
let cwd: string;

beforeAll(async () => {
  standIn = gpuStandIn(machine());
  engine = await startEngine({ env: { PATH: standIn.bin } });
  daemon = await startDaemon({
    engine: engine.host,
    env: { PATH: `${standIn.bin}:${process.env['PATH']}` },
    config: { gpus: { read_every: '1s' } },
  });
  cwd = await projectWith(
    "- name: g\n  provider: bash\n  commands: ['until [ -e o/go ]; do sleep 0.1; done']\n  artifacts: [o]\n  resources: {gpu: 1}",
  );
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await engine?.stop();
});

const list = () => daemon.json<GpuInfo[]>(['gpus', '--fresh']);

test('who has which, which is free to have, and why another is not', async () => {
  const name = (await daemon.cli(['run', 'g', '-d'], { cwd })).stdout.trim();
  await untilStatus(daemon, cwd, name, 'running');
  standIn.smi.set(machine([foreign], true));
  const user = userInfo().username;
  expect(await list()).toMatchObject([
    { host: 'local', index: 0, memory: 81920 * 2 ** 20, memoryUsed: 40_000 * 2 ** 20, utilization: 97, temperature: 61 },
    { uuid: standInUuid(1), holder: null, processes: [{ pid: process.pid, user }] },
    { uuid: standInUuid(2), holder: null, busy: expect.stringMatching(/^the driver asks for a reset/), staleSince: null },
  ]);
  const [held, used] = await list();
  expect(held).toMatchObject({ holder: { run: name, user }, busy: null, processes: [] });
  expect(used?.busy).toBe(`is used by process ${process.pid} (python3, ${user})`);

  const people = await daemon.cli(['gpus']);
  expect(people).toMatchObject({ code: 0, stderr: '' });
  expect(people.stdout.split('\n')).toEqual([
    expect.stringMatching(/^HOST +GPU +UUID +NAME +MEMORY +UTIL +TEMP +USED BY$/),
    expect.stringMatching(new RegExp(`^local +0 +GPU-11111111 +A100-SXM4-80GB +41\\.9 / 85\\.9 GB +97% +61°C +${name} \\(${user}\\)$`)),
    expect.stringMatching(new RegExp(`^local +1 .* python3 \\(${user}\\)$`)),
    `  is used by process ${process.pid} (python3, ${user})`,
    expect.stringMatching(/^local +2 .* not handed out$/),
    expect.stringMatching(/^ {2}the driver asks for a reset/),
    '',
  ]);
});

test('one that waits for a GPU with a foreign process says so, and starts when that has gone', async () => {
  const name = (await daemon.cli(['run', 'g', '-d'], { cwd })).stdout.trim();
  const { reason } = await untilStatus(daemon, cwd, name, 'queued');
  expect(reason).toMatch(/GPU/);
  standIn.smi.set(machine([], true));
  await untilStatus(daemon, cwd, name, 'running');
  expect((await list())[1]).toMatchObject({ holder: { run: name }, busy: null });
  await daemon.cli(['stop', '-a', '-x', '-y'], { cwd });
});

test('an nvidia-smi that fails: the GPUs as last seen, and since when', async () => {
  await list();
  standIn.smi.says('echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18');
  const stale = await list();
  expect(stale.map(({ uuid }) => uuid)).toEqual([0, 1, 2].map(standInUuid));
  expect(stale[0]?.staleSince).toMatch(/^\d{4}-.*Z$/);
  const { stdout, stderr } = await daemon.cli(['gpus']);
  expect(stdout).toMatch(/A100/);
  expect(stderr).toMatch(/version mismatch; the GPUs are as last seen, stale since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.$/m);
  standIn.smi.set(machine([]));
  await waitFor(async () => (await list())[0]?.staleSince === null, 'nvidia-smi to work again');
});

test('memory that nobody owns up to is told as the scheduler takes it, to the doctor too; nor is a reading shown that is due', async () => {
  standIn.smi.set([{ uuid: standInUuid(0), used: 3_000 }, { uuid: standInUuid(1) }, { uuid: standInUuid(2) }]);
  const gpus = () => daemon.json<GpuInfo[]>(['gpus']);
  await waitFor(async () => (await gpus())[0]?.busy === 'has 3.1 GB of its memory in use by somebody else', 'the use to be told');
  const checks = await daemon.json<Check[]>(['doctor']);
  expect(checks.find(({ name }) => name === 'gpus')).toMatchObject({
    status: 'ok',
    message: '2 of 3 GPUs can be handed out now: GPU 0 has 3.1 GB of its memory in use by somebody else.',
  });
  standIn.smi.set(machine([]));
});

test('a daemon that is started while nvidia-smi fails knows the GPUs still, and a run waits for them', async () => {
  await list();
  await daemon.stop();
  standIn.smi.says('echo "Failed to initialize NVML: Unknown Error"; exit 9');
  await daemon.start();
  const name = (await daemon.cli(['run', 'g', '-d'], { cwd })).stdout.trim();
  const reason = async () => (await daemon.json<RunDetail>(['ps', name], { cwd })).reason;
  await waitFor(async () => /could not be read: .*Unknown Error/.test((await reason()) ?? ''), 'the reason to be told');
  standIn.smi.set(machine([]));
  await untilStatus(daemon, cwd, name, 'running');
  const { gpus, gpuNumbers } = await daemon.json<RunDetail>(['ps', name], { cwd });
  expect(gpuNumbers).toEqual(gpus.map((uuid) => [0, 1, 2].map(standInUuid).indexOf(uuid)));
  await daemon.cli(['stop', '-a', '-x', '-y'], { cwd });
});

test('where no GPU was ever read, it is not said that there are none', async () => {
  const other = gpuStandIn(1);
  other.smi.says('echo "Failed to initialize NVML: Unknown Error"; exit 9');
  await using fresh = await startDaemon({ engine: engine.host, env: { PATH: `${other.bin}:${process.env['PATH']}` } });
  const { code, stderr } = await fresh.cli(['run', 'g', '-d'], { cwd });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^Which GPUs there are is not known: .*Unknown Error\n.*dstack doctor/),
  });
});

test('an engine that is away leaves what nvidia-smi says', async () => {
  await engine.restart('graceful', async () => {
    const { code, stdout, stderr } = await daemon.cli(['gpus', '--json']);
    expect({ code, gpus: (JSON.parse(stdout) as GpuInfo[]).length }).toEqual({ code: 0, gpus: 3 });
    expect(stderr).toMatch(/Who has which GPU is not known|as last seen/);
  });
});

test('a machine without', async () => {
  // a PATH with everything but the driver's tools, should they be here
  const bin = scratchDir('bin');
  for (const name of readdirSync('/usr/bin')) if (!name.startsWith('nvidia')) symlinkSync(join('/usr/bin', name), join(bin, name));
  await using plain = await startDaemon({ engine: engine.host, env: { PATH: bin } });
  const { code, stdout, stderr } = await plain.cli(['gpus', '--json']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '[]\n' });
  expect(stderr).toMatch(/There is (no|an) NVIDIA GPU in this machine/);
});
