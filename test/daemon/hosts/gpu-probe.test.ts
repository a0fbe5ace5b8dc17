import { chmodSync, copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createGpuProbe } from '../../../daemon/hosts/gpu-probe.ts';
import { dividedIntoMig } from '../../../daemon/hosts/gpu-report.ts';
import { runLimited } from '../../../daemon/hosts/run-limited.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { fixture, uuidOf } from './fixture.ts';

// in the time zone that this runs in
const readAt = new Date(2026, 0, 2, 3, 4, 5).getTime();
const readAtText = '2026-01-02 03:04:05';
const lostWords = 'Unable to determine the device handle for GPU0000:0F:00.0: GPU is lost.  Reboot the system to recover this GPU';

/** A stand-in for nvidia-smi: a script that can be changed between calls, with the fixtures beside it. Which calls were made stands in `calls`. */
function standIn() {
  const dir = scratchDir('smi');
  const path = join(dir, 'nvidia-smi');
  for (const name of ['desktop.xml', 'eight.xml', 'eight.csv', 'mig.xml', 'mig.csv', 'mig-list.txt', 'old-driver.xml', 'lost.xml']) {
    copyFileSync(join(import.meta.dirname, 'fixtures', name), join(dir, name));
  }
  const settings = { limitMs: 30_000, buses: [] as string[] };
  const says = (script: string): void => {
    // not written over: a program that still runs cannot be
    writeFileSync(`${path}.new`, `#!/bin/sh\ncd ${dir}\necho "$*" >>calls\n${script}\n`);
    chmodSync(`${path}.new`, 0o755);
    renameSync(`${path}.new`, path);
  };
  return {
    path,
    settings,
    /** what it does, by `$*` */
    says,
    answers: (report: string, details: string, list = 'true') =>
      says(`case "$*" in -q*) ${report};; --query*) ${details};; -L) ${list};; esac`),
    calls: () => readFileSync(join(dir, 'calls'), 'utf8').trimEnd().split('\n'),
    probe: createGpuProbe({
      nvidiaSmi: path,
      limitMs: 30_000,
      now: () => readAt,
      // the limit of each call, so that only the call that is to hang has a short one
      run: (command, args) => runLimited(command, args, settings.limitMs),
      owner: async (pid) => ({ user: `user of ${pid}`, container: null }),
      buses: async () => settings.buses,
    }),
  };
}

const detailsCall = '--query-gpu=index,uuid,compute_cap --format=csv,noheader,nounits';

test('no nvidia-smi: no GPU, no problem', async () => {
  expect(await standIn().probe()).toEqual({ gpus: [], readAt: null, staleSince: null, problem: null });
});

test('eight GPUs, who uses them, and details that are asked for once', async () => {
  const smi = standIn();
  smi.answers('cat eight.xml', 'cat eight.csv');
  const state = await smi.probe();
  expect(state).toMatchObject({ readAt, staleSince: null, problem: null });
  expect(state.gpus.map(({ index, uuid, computeCapability }) => [index, uuid, computeCapability])).toEqual(
    Array.from({ length: 8 }, (_, n) => [n, uuidOf(2, n), '8.0']),
  );
  expect(state.gpus[3]?.processes).toMatchObject([{ pid: 20311, user: 'user of 20311' }]);
  await smi.probe();
  expect(smi.calls()).toEqual(['-q -x', detailsCall, '-q -x']);
  smi.answers('cat mig.xml', 'cat mig.csv', 'cat mig-list.txt');
  await smi.probe();
  expect(smi.calls().slice(3)).toEqual(['-q -x', detailsCall, '-L']);
});

test('a driver too old for compute_cap is asked without it', async () => {
  const smi = standIn();
  smi.says(`case "$*" in -q*) cat old-driver.xml;; *compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2;;
*) echo '4, ${uuidOf(7, 0)}';; esac`);
  expect(await smi.probe()).toMatchObject({ problem: null, gpus: [{ index: 4, computeCapability: null, driver: '470.256.02' }] });
});

test('details that cannot be had are asked for again', async () => {
  const smi = standIn();
  smi.answers('cat eight.xml', 'exit 1');
  expect((await smi.probe()).gpus[7]).toMatchObject({ index: 7, computeCapability: null });
  smi.answers('cat eight.xml', 'cat eight.csv');
  expect((await smi.probe()).gpus[7]).toMatchObject({ index: 7, computeCapability: '8.0' });
});

test('MIG devices stand behind their GPU, which is not handed out, with the processes that use them', async () => {
  const smi = standIn();
  smi.answers('cat mig.xml', 'cat mig.csv', 'cat mig-list.txt');
  const { gpus } = await smi.probe();
  const [whole, big, small, ill, other] = gpus;
  expect(gpus).toHaveLength(5);
  expect(whole).toMatchObject({ uuid: uuidOf(3, 0), problem: dividedIntoMig, mig: null, processes: [] });
  expect(big).toMatchObject({
    uuid: 'MIG-31111111-aaaa-bbbb-cccc-000000000000',
    name: 'NVIDIA A100-SXM4-40GB MIG 3g.20gb',
    index: 0,
    minor: 0,
    memory: 19968 * 2 ** 20,
    computeCapability: '8.0',
    mig: { parent: uuidOf(3, 0), profile: '3g.20gb' },
    problem: null,
    utilization: null,
    processes: [{ pid: 551, user: 'user of 551' }],
  });
  expect(small).toMatchObject({ mig: { profile: '1g.5gb' }, problem: null, processes: [] });
  expect(ill).toMatchObject({ mig: { profile: '1g.5gb' }, problem: expect.stringContaining('uncorrectable') });
  expect(other).toMatchObject({ uuid: uuidOf(3, 1), index: 1, mig: null, problem: null });
});

test('MIG devices whose names cannot be had are left out, and stay out when they are gone', async () => {
  const smi = standIn();
  smi.answers('cat mig.xml', 'cat mig.csv', 'exit 1');
  expect((await smi.probe()).gpus.map(({ mig }) => mig)).toEqual([null, null]);
  smi.answers('cat mig.xml', 'cat mig.csv', 'cat mig-list.txt');
  expect((await smi.probe()).gpus).toHaveLength(5);
  smi.answers(`sed -e '/<mig_device>/,/<\\/mig_device>/d' -e s/Enabled/Disabled/ mig.xml`, 'cat mig.csv');
  expect((await smi.probe()).gpus).toMatchObject([
    { uuid: uuidOf(3, 0), problem: null },
    { uuid: uuidOf(3, 1), problem: null },
  ]);
});

test.each([
  [
    'a driver that is not loaded',
    `echo "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."; exit 9`,
    /couldn't comm/,
  ],
  ['no device', 'echo "No devices were found"; exit 6', /finds no usable GPU: No devices were found\./],
  ['nothing', 'true', /^nvidia-smi finds no GPU \(exit code 0\)\.$/],
  ['rubbish', 'head -c 4000 /dev/urandom', /^nvidia-smi finds no/],
  ['a report without GPUs', 'echo "<nvidia_smi_log><attached_gpus>0</attached_gpus></nvidia_smi_log>"', /finds no/],
  ['half a report', 'head -c 7000 eight.xml', /finds no usable GPU: its report is cut short\./],
  ['a crash', 'kill -SEGV $$', /^nvidia-smi finds no GPU \(exit code -1\)\.$/],
])('%s: said, and the GPUs that were seen before stay, with the time', async (_, script, problem) => {
  const smi = standIn();
  smi.answers(script, 'true');
  expect(await smi.probe()).toMatchObject({ gpus: [], readAt: null, staleSince: null, problem: expect.stringMatching(problem) });
  smi.answers('cat eight.xml', 'cat eight.csv');
  expect(await smi.probe()).toMatchObject({ problem: null });
  smi.answers(script, 'true');
  const state = await smi.probe();
  expect(state.gpus).toHaveLength(8);
  expect(state).toMatchObject({ readAt, staleSince: readAt, problem: expect.stringContaining(`stale since ${readAtText}.`) });
  rmSync(smi.path);
  expect(await smi.probe()).toMatchObject({ staleSince: readAt, problem: expect.stringContaining('nvidia-smi is gone') });
});

test('a warning on one that can be read is no problem', async () => {
  const smi = standIn();
  smi.answers('cat eight.xml; echo "WARNING: infoROM is corrupted at gpu 0000:0F:00.0"; exit 14', 'cat eight.csv');
  expect(await smi.probe()).toMatchObject({ problem: null, staleSince: null });
});

test('one that was never seen and cannot be read is said', async () => {
  const smi = standIn();
  smi.answers(`echo '${lostWords}'; cat old-driver.xml; exit 15`, 'true');
  const state = await smi.probe();
  expect(state.gpus).toHaveLength(1);
  expect(state.problem).toMatch(/^nvidia-smi cannot read every GPU: Unable .* GPU is lost\. Reboot the system to recover this GPU\.$/);
  smi.answers('cat lost.xml', 'true');
  expect((await smi.probe()).problem).toMatch(/^nvidia-smi cannot read the GPU at 47:00\.0: it has fallen off the bus \(GPU is lost\)/);
});

test('one that falls off the bus stays, with its problem, and comes back', async () => {
  const smi = standIn();
  const without = `awk '/<gpu id="00000000:0F/{skip=1} !skip{print} /<.gpu>/{skip=0}' eight.xml`;
  smi.answers('cat eight.xml', 'cat eight.csv');
  await smi.probe();
  smi.answers(`${without}; echo '${lostWords}' >&2; exit 15`, 'cat eight.csv');
  let state = await smi.probe();
  expect(state).toMatchObject({ problem: null, staleSince: null });
  expect(state.gpus.map(({ uuid }) => uuid)).toEqual(Array.from({ length: 8 }, (_, n) => uuidOf(2, n)));
  const problem = 'it has fallen off the bus (GPU is lost); a reboot often brings it back';
  expect(state.gpus.map((gpu) => gpu.problem)).toEqual([null, problem, null, null, null, null, null, null]);
  expect(state.gpus[1]).toMatchObject({ index: 1, memory: 81920 * 2 ** 20, memoryUsed: null, temperature: null });
  // the words come once, the absence stays
  smi.answers(without, 'cat eight.csv');
  expect((await smi.probe()).gpus[1]?.problem).toBe(problem);
  smi.answers('cat eight.xml', 'cat eight.csv');
  state = await smi.probe();
  expect(state.gpus.map((gpu) => gpu.problem)).toEqual(Array(8).fill(null));
});

test('one that vanishes without a word', async () => {
  const smi = standIn();
  smi.answers('cat eight.xml', 'cat eight.csv');
  await smi.probe();
  smi.answers(`awk '/<gpu id="00000000:BD/{skip=1} !skip{print} /<.gpu>/{skip=0}' eight.xml`, 'cat eight.csv');
  expect((await smi.probe()).gpus[7]).toMatchObject({ uuid: uuidOf(2, 7), problem: 'nvidia-smi does not show it any more' });
});

test('one that is lost and keeps nvidia-smi from the others: they are asked for by their places', async () => {
  const smi = standIn();
  smi.settings.buses = ['0000:07:00.0', '0000:0f:00.0'];
  smi.says(`case "$*" in '-q -x') echo '${lostWords}'; exit 15;; '-q -x -i 0000:07:00.0') sed '/id="00000000:0F/,/<.gpu>/d' mig.xml;;
--query*) cat mig.csv;; -L) cat mig-list.txt;; esac`);
  const state = await smi.probe();
  expect(state.gpus.map(({ uuid }) => uuid.slice(0, 5))).toEqual(['GPU-3', 'MIG-3', 'MIG-3', 'MIG-3']);
  expect(state.problem).toContain('nvidia-smi cannot read every GPU: Unable to determine');
});

test('one that hangs is given up, leaves the GPUs as last seen, and is asked again when it is gone', async () => {
  const smi = standIn();
  smi.answers('cat eight.xml', 'cat eight.csv');
  await smi.probe();
  smi.says('exec sleep 1000');
  smi.settings.limitMs = 300;
  const state = await smi.probe();
  expect(state.gpus).toHaveLength(8);
  expect(state.staleSince).toBe(readAt);
  expect(state.problem).toBe(`nvidia-smi did not answer within 30 s; the GPUs are as last seen, stale since ${readAtText}.`);
  smi.settings.limitMs = 30_000;
  smi.answers('cat eight.xml', 'cat eight.csv');
  await waitFor(async () => (await smi.probe()).problem === null, 'the probe to work again');
});

test('one that hangs in the second call: what the first said holds', async () => {
  const smi = standIn();
  smi.answers('cat eight.xml', 'exec sleep 1000');
  smi.settings.limitMs = 500;
  const state = await smi.probe();
  expect(state.gpus).toHaveLength(8);
  expect(state).toMatchObject({ problem: null, staleSince: null });
});

test('one that the kernel holds is not started a second time', async () => {
  let started = 0;
  let release = (): void => {};
  const gone = new Promise<void>((resolve) => (release = resolve));
  const hanging: typeof runLimited = async () => {
    started += 1;
    return started === 1 ? { kind: 'timed_out', gone } : { kind: 'exited', exitCode: 0, output: fixture('desktop.xml') };
  };
  const probe = createGpuProbe({ nvidiaSmi: 'nvidia-smi', limitMs: 10_000, now: Date.now, run: hanging });
  expect((await probe()).problem).toBe('nvidia-smi did not answer within 10 s.');
  expect((await probe()).problem).toBe('nvidia-smi did not answer within 10 s.');
  expect(started).toBe(1);
  release();
  await gone;
  expect(await probe()).toMatchObject({ problem: null, gpus: [{ uuid: uuidOf(6, 0) }] });
});
