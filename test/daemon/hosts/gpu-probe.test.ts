import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createGpuProbe } from '../../../daemon/hosts/gpu-probe.ts';
import { runLimited } from '../../../daemon/hosts/run-limited.ts';
import { waitFor } from '../../support/wait-for.ts';

const uuid = 'GPU-01234567-89ab-cdef-0123-456789abcdef';
const now = () => Date.UTC(2026, 0, 2, 3, 4, 5);
const line = `0, ${uuid}, 24576, 535.1, 8.6, NVIDIA GeForce RTX 3090`;

/** A program in nvidia-smi's place whose script can be changed between calls. */
function standIn() {
  const dir = mkdtempSync(join(tmpdir(), 'smi-'));
  const path = join(dir, 'nvidia-smi');
  const says = (script: string) => {
    // not written over: a program that still runs cannot be
    rmSync(path, { force: true });
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  };
  const made = {
    dir,
    path,
    says,
    probe: createGpuProbe({ nvidiaSmi: path, limitMs: 30_000, now, run }),
    limitMs: 30_000,
    [Symbol.dispose]: () => rmSync(dir, { recursive: true }),
  };
  // the limit of each call, so that only the call that is to hang has a short one
  function run(...[command, args]: Parameters<typeof runLimited>): ReturnType<typeof runLimited> {
    return runLimited(command, args, made.limitMs);
  }
  return made;
}

test('no nvidia-smi: no GPU, no problem', async () => {
  using smi = standIn();
  expect(await smi.probe()).toEqual({ gpus: [], problem: null });
});

test('the GPUs that it prints', async () => {
  using smi = standIn();
  smi.says(`echo '${line}'`);
  const state = await smi.probe();
  expect(state.problem).toBeNull();
  expect(state.gpus).toMatchObject([{ uuid, computeCapability: '8.6', memory: 24576 * 2 ** 20 }]);
});

test('a driver too old for compute_cap is asked without it', async () => {
  using smi = standIn();
  smi.says(`case "$*" in *compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2;; esac
echo '0, ${uuid}, 11178, 470.82, GeForce GTX 1080 Ti'`);
  const state = await smi.probe();
  expect(state).toMatchObject({ problem: null, gpus: [{ computeCapability: null, driver: '470.82', name: 'GeForce GTX 1080 Ti' }] });
});

test('a driver that is not loaded is said in its own words', async () => {
  using smi = standIn();
  smi.says(`echo "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."; exit 9`);
  const state = await smi.probe();
  expect(state.gpus).toEqual([]);
  expect(state.problem).toBe(
    "nvidia-smi finds no usable GPU: NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
  );
});

test('one lost GPU does not hide the others', async () => {
  using smi = standIn();
  smi.says(`echo 'Unable to determine the device handle for GPU 1: GPU is lost.'; echo '${line}'; exit 15`);
  const state = await smi.probe();
  expect(state.gpus).toHaveLength(1);
  expect(state.problem).toContain('GPU is lost');
});

test('a failure keeps the GPUs that were seen before, with the time', async () => {
  using smi = standIn();
  smi.says(`echo '${line}'`);
  await smi.probe();
  smi.says(`echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18`);
  const state = await smi.probe();
  expect(state.gpus).toMatchObject([{ uuid }]);
  expect(state.problem).toContain('version mismatch');
  expect(state.problem).toContain('stale since 2026-01-02T03:04:05.000Z');
  rmSync(smi.path);
  expect((await smi.probe()).problem).toContain('nvidia-smi is gone');
});

test('one that hangs is given up, leaves the GPUs as last seen, and is asked again when it is gone', async () => {
  using smi = standIn();
  smi.says(`echo '${line}'`);
  await smi.probe();
  smi.says(`echo $$ > ${smi.dir}/pid; exec sleep 1000`);
  smi.limitMs = 300;
  const state = await smi.probe();
  expect(state.gpus).toMatchObject([{ uuid }]);
  expect(state.problem).toContain('nvidia-smi did not answer within 30 s');
  expect(state.problem).toContain('stale since 2026-01-02T03:04:05.000Z');
  smi.limitMs = 30_000;
  smi.says(`echo '${line}'`);
  await waitFor(async () => (await smi.probe()).problem === null, 'the probe to work again');
});

test('one that the kernel holds is not started a second time', async () => {
  let started = 0;
  let release = (): void => {};
  const gone = new Promise<void>((resolve) => (release = resolve));
  const hanging: typeof runLimited = async () => {
    started += 1;
    return started === 1 ? { kind: 'timed_out', gone } : { kind: 'exited', exitCode: 0, output: line };
  };
  const probe = createGpuProbe({ nvidiaSmi: 'nvidia-smi', limitMs: 10_000, now: Date.now, run: hanging });
  expect((await probe()).problem).toBe('nvidia-smi did not answer within 10 s.');
  expect((await probe()).problem).toBe('nvidia-smi did not answer within 10 s.');
  expect(started).toBe(1);
  release();
  await gone;
  expect(await probe()).toMatchObject({ problem: null, gpus: [{ uuid }] });
});
