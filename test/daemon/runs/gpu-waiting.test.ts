/** What runs that wait for a GPU are told, and when they get it: readings that are old, an engine that goes away. */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GpuInfo, Run } from '../../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { startEngine, type TestEngine } from '../../support/engine.ts';
import { gpuStandIn, standInUuid, type GpuStandIn } from '../../support/gpu-stand-in.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { untilStatus } from './fixture.ts';

let standIn: GpuStandIn;
let engine: TestEngine;
let daemon: TestDaemon;
const marks = scratchDir('m');

beforeAll(async () => {
  standIn = gpuStandIn(1);
  engine = await startEngine({ env: { PATH: standIn.bin } });
  daemon = await startDaemon({
    engine: engine.host,
    env: { PATH: `${standIn.bin}:${process.env['PATH']}` },
    // the GPUs are read when somebody asks, and hardly otherwise
    config: { mount_roots: ['/tmp'], mounts: [`${marks}:/marks`], gpus: { read_every: '10m' } },
  });
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await engine?.stop();
});

const gpu = '  resources: {gpu: 1}';
const project = (): Promise<string> =>
  projectWith(
    [
      `- name: holds\n  provider: bash\n  commands: ['until [ -e /marks/$RUN_NAME ]; do sleep 0.1; done']\n${gpu}`,
      `- name: next\n  provider: bash\n  commands: ['true']\n${gpu}`,
    ].join('\n'),
  );
const start = async (cwd: string, name: string): Promise<string> => (await daemon.cli(['run', name, '-d'], { cwd })).stdout.trim();

test('what our own run had on the GPU keeps nobody waiting when it is gone, though the last reading still shows it', async () => {
  const cwd = await project();
  const first = await start(cwd, 'holds');
  await untilStatus(daemon, cwd, first, 'running');
  standIn.smi.set([{ uuid: standInUuid(0), used: 70_000, processes: [{ pid: 1, memory: 70_000 }] }]);
  const [seen] = await daemon.json<GpuInfo[]>(['gpus', '--fresh'], { cwd });
  expect(seen?.memoryUsed).toBeGreaterThan(7e10);
  standIn.smi.set([{ uuid: standInUuid(0) }]);
  writeFileSync(join(marks, first), '');
  await untilStatus(daemon, cwd, first, 'done');
  const second = await start(cwd, 'next');
  await untilStatus(daemon, cwd, second, 'done');
});

test('while the engine is away, that is what a waiting run is told; and when it is back, its turn comes', async () => {
  const cwd = await project();
  const first = await start(cwd, 'holds');
  await untilStatus(daemon, cwd, first, 'running');
  const second = await start(cwd, 'next');
  await untilStatus(daemon, cwd, second, 'queued');
  const reason = async () => (await daemon.json<Run[]>(['ps', '-a'], { cwd })).find((run) => run.name === second)?.reason ?? '';
  await waitFor(async () => /held by/.test(await reason()), 'it to wait for the GPU');
  await engine.restart('kill', async () => {
    await waitFor(async () => /engine/i.test(await reason()), 'the engine to be named');
  });
  writeFileSync(join(marks, first), '');
  await untilStatus(daemon, cwd, second, 'done');
  expect(daemon.log()).not.toContain('scheduling failed');
});
