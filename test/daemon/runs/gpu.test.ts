/**
 * GPUs on a machine that may have none, with the stand-ins of test/support/gpu-stand-in.ts: a container has the device files of the GPUs that it was given.
 * `pip` and `python` of the seed's example are stand-ins too: they print what they were called with.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import { must } from '../../support/command.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { startEngine, type TestEngine } from '../../support/engine.ts';
import { gpuStandIn, standInUuid, type GpuStandIn } from '../../support/gpu-stand-in.ts';
import { project, projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { untilStatus } from './fixture.ts';

const gpus = [standInUuid(0), standInUuid(1)];

let standIn: GpuStandIn;
let engine: TestEngine;
let daemon: TestDaemon;

const script = (path: string, text: string): void => {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
};

beforeAll(async () => {
  standIn = gpuStandIn(gpus.length);
  engine = await startEngine({ env: { PATH: standIn.bin } });
  const build = scratchDir('build');
  script(join(build, 'pip'), '#!/bin/sh\necho "pip $*"\n');
  script(join(build, 'python'), '#!/bin/sh\necho "python $* with $NVIDIA_VISIBLE_DEVICES"\ncat data/x\n');
  writeFileSync(join(build, 'Dockerfile'), 'FROM dstack-test/tiny:1\nCOPY pip python /usr/local/bin/\n');
  await must('docker', ['build', '-q', '-t', 'seed:1', build], { env: { ...process.env, DOCKER_HOST: engine.host, DOCKER_BUILDKIT: '0' } });
  const path = `${standIn.bin}:${process.env['PATH']}`;
  daemon = await startDaemon({
    engine: engine.host,
    env: { PATH: path },
    config: { images: { '3.10': 'seed:1', '3.11': 'dstack-test/tiny:1' } },
  });
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await engine?.stop();
});

describe('GPUs', () => {
  test('a run gets exactly its own, the next another, and the third waits and says for whom', async () => {
    const cwd = await projectWith(
      `- name: g\n  provider: bash\n  commands: ['echo got $NVIDIA_VISIBLE_DEVICES', 'while [ ! -e o/go ]; do sleep 0.1; done']\n  artifacts: [o]\n  resources: {gpu: {count: 1, name: a100, memory: 40GB}}`,
    );
    const names: string[] = [];
    for (const _ of gpus) {
      const name = (await daemon.cli(['run', 'g', '-d'], { cwd })).stdout.trim();
      await untilStatus(daemon, cwd, name, 'running');
      names.push(name);
    }
    const third = (await daemon.cli(['run', 'g', '-d'], { cwd })).stdout.trim();
    const logOf = (name: string) =>
      waitFor(async () => /got (GPU-\S+)/.exec((await daemon.cli(['logs', name], { cwd })).stdout)?.[1], `the GPU of ${name}`);
    expect(await Promise.all(names.map(logOf))).toEqual(gpus);
    const waiting = await untilStatus(daemon, cwd, third, 'queued');
    await waitFor(async () => {
      const run = (await daemon.json<Run[]>(['ps', '-a'], { cwd })).find((r) => r.name === third);
      return run?.reason?.includes(`waits for 1 more a100 GPU (held by ${names.join(', ')})`);
    }, `the reason of ${waiting.name}`);
    await daemon.cli(['stop', names[1] ?? '', '-x', '-y'], { cwd });
    await untilStatus(daemon, cwd, third, 'running');
    expect(await logOf(third)).toBe(gpus[1]);
    await daemon.cli(['stop', '-a', '-x', '-y'], { cwd });
  });

  test('a run without gets none', async () => {
    const cwd = await projectWith("- name: n\n  provider: bash\n  commands: ['echo $NVIDIA_VISIBLE_DEVICES']");
    expect((await daemon.cli(['run', 'n'], { cwd })).stdout).toBe('void\n');
  });

  test('one whose claim somebody is in the way of is kept back, and the run gets the other', async () => {
    const docker = (...args: string[]) => must('docker', args, { env: { ...process.env, DOCKER_HOST: engine.host } });
    const inTheWay = `dstack-gpu-${gpus[0]}`;
    const mine = (await docker('ps', '-aq', '--filter', `name=${inTheWay}`)).trim();
    if (mine !== '') await docker('rm', '-f', mine);
    await docker('create', '--name', inTheWay, 'dstack-test/tiny:1', 'true');
    try {
      const cwd = await project({});
      const { stdout, stderr } = await daemon.cli(
        ['run', 'docker', 'dstack-test/tiny:1', '-c', 'echo $NVIDIA_VISIBLE_DEVICES', '--gpu', '1'],
        { cwd },
      );
      expect(stdout, stderr).toBe(`${gpus[1]}\n`);
      expect(JSON.stringify(await daemon.json(['gpus'], { cwd }))).toContain(
        `cannot be claimed: a container named ${inTheWay} that is not dstack's is in the way`,
      );
    } finally {
      await docker('rm', '-f', inTheWay);
      await daemon.cli(['gpus', '--fresh'], { cwd: '/' });
    }
  });

  test('straight from the command line', async () => {
    const cwd = await project({});
    const { stdout } = await daemon.cli(['run', 'docker', 'dstack-test/tiny:1', '-c', 'echo $NVIDIA_VISIBLE_DEVICES', '--gpu', '2'], {
      cwd,
    });
    expect(stdout).toBe(`${gpus.join(',')}\n`);
  });

  test('of a model that is not there are refused, and what there is is said', async () => {
    const cwd = await project({});
    const { code, stderr } = await daemon.cli(['run', 'docker', 'x', '--gpu', '1', '--gpu-name', 'H100'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain("It asks for 1 H100 GPU, and the host 'local' has none such: its GPUs are 2 × NVIDIA A100-SXM4-80GB");
  });
});

test('a set-up that needs the GPU runs in the job, for which no build has one', async () => {
  const cwd = await project({
    '.dstack/workflows.yaml':
      "workflows:\n  - name: w\n    provider: bash\n    setup: ['echo up', 'env | grep -q =GPU- || exit 3']\n    commands: [echo work]\n    resources: {gpu: 1}\n",
  });
  const { code, stdout } = await daemon.cli(['run', 'w'], { cwd });
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^up\ndstack: the set-up runs again in every job: it ended with exit code 3 in a build.*\nup\nwork\n$/),
  });
  expect(await daemon.cli(['run', 'w'], { cwd })).toMatchObject({ code: 0, stdout: 'up\nwork\n' });
});

test("the seed's example runs byte for byte, with a hint on its pip install", async () => {
  const page = readFileSync(join(import.meta.dirname, 'fixtures/seed-example.yaml'), 'utf8');
  const cwd = await project({ '.dstack/workflows.yaml': page, 'src/train.py': '', 'requirements.txt': '', 'data/x': 'some data\n' });
  mkdirSync(join(cwd, 'checkpoint'), { recursive: true });
  await daemon.cli(['tags', 'add', 'some_tag', '-a', 'data'], { cwd });
  const { code, stdout, stderr } = await daemon.cli(['run', 'train'], { cwd });
  expect({ code, stdout }).toEqual({ code: 0, stdout: `pip install requirements.txt\npython src/train.py with ${gpus[0]}\nsome data\n` });
  expect(stderr).toMatch(/workflows\.yaml:8:\d+: .*pip/);
  expect(stderr).toContain('-r requirements.txt');
});
