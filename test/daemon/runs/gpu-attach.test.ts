/**
 * What a run sees of the machine's GPUs, and what happens when that is not what it was given: stand-ins of test/support/gpu-stand-in.ts, by `--gpus` on every
 * engine, by CDI where the engine has it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GpuInfo, RunDetail } from '../../../shared/api.ts';
import { must } from '../../support/command.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { engineJson, filters } from '../../support/engine-api.ts';
import { gpuMachine, type GpuMachine } from '../../support/gpu-machine.ts';
import type { GpuStandIn } from '../../support/gpu-stand-in.ts';
import { project, projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { labels } from '../../../daemon/engine/engine.ts';
import { lastRun, untilNothingIsLeft } from './fixture.ts';

let machine: GpuMachine;
let standIn: GpuStandIn;
let daemon: TestDaemon;

const see = 'ls /dev | grep nvidia || echo none';
const workflow = (gpus: number, more = ''): string =>
  `- name: g\n  provider: bash\n  commands: ['echo ran; ${see}']\n  resources: {gpu: ${gpus}}\n${more}`;
const withoutGpu = `- name: g\n  provider: bash\n  commands: ['echo ran; ${see}']\n`;

/** An image of the tiny one with this Dockerfile behind it. */
const build = async (tag: string, dockerfile: string): Promise<string> => {
  const dir = scratchDir('build');
  writeFileSync(join(dir, 'Dockerfile'), dockerfile);
  await must('docker', ['build', '-q', '-t', tag, dir], {
    env: { ...process.env, DOCKER_HOST: machine.engine.host, DOCKER_BUILDKIT: '0' },
  });
  return tag;
};
beforeAll(async () => {
  machine = await gpuMachine(3);
  ({ standIn } = machine);
  daemon = await startDaemon(machine.options);
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await machine?.[Symbol.asyncDispose]();
});

describe('a container sees exactly its GPUs', () => {
  test('one, several, and none', async () => {
    const run = async (yaml: string) => (await daemon.cli(['run', 'g'], { cwd: await projectWith(yaml) })).stdout;
    expect(await run(workflow(1))).toBe('ran\nnvidia0\n');
    expect(await run(workflow(3))).toBe('ran\nnvidia0\nnvidia1\nnvidia2\n');
    expect(await run(withoutGpu)).toBe('ran\nnone\n');
    await untilNothingIsLeft(daemon);
  });

  test('as another user of the image too', async () => {
    const image = await build('user:1', 'FROM dstack-test/tiny:1\nUSER user\n');
    const { stdout } = await daemon.cli(['run', 'docker', image, '-c', see, '--gpu', '1'], { cwd: await project({}) });
    expect(stdout).toBe('nvidia0\n');
  });
});

describe('a toolkit that gives the wrong GPU', () => {
  const sentence =
    "the host 'local' gave the container other GPUs than asked for, so nothing was run: it should see GPU-11111111-1111-1111-1111-111111111111 (/dev/nvidia0), and it saw";
  const second = 'GPU-22222222-2222-2222-2222-222222222222 (/dev/nvidia1)';

  test.each([
    ['another', [1], `${sentence} ${second}`],
    ['one more', [0, 1], `${sentence} GPU-11111111-1111-1111-1111-111111111111 (/dev/nvidia0) and ${second}`],
    ['none', [], `${sentence} none`],
    ['one that the host does not have', [7], `${sentence} an unknown one (/dev/nvidia7)`],
  ])('%s: nothing is run on it, the run goes elsewhere, and says what was seen', async (_, devices, reason) => {
    await daemon.cli(['gpus', '--fresh']);
    standIn.give(standIn.uuids[0]!, devices);
    const cwd = await projectWith(workflow(1, '  retry: 0\n'));
    const { code, stdout } = await daemon.cli(['run', 'g'], { cwd });
    standIn.give(standIn.uuids[0]!, 'own');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'ran\nnvidia1\n' });
    const { name } = await lastRun(daemon, cwd);
    expect((await daemon.json<RunDetail>(['ps', name], { cwd })).attempts).toMatchObject([
      { status: 'interrupted', reason, exitCode: null },
      { status: 'done' },
    ]);
    await untilNothingIsLeft(daemon);
  });

  test('the GPU in its place is kept back until somebody looks, and that is said', async () => {
    const [first] = standIn.uuids;
    await daemon.cli(['gpus', '--fresh']);
    standIn.give(first!, [1]);
    const cwd = await projectWith(workflow(1));
    await daemon.cli(['run', 'g'], { cwd });
    standIn.give(first!, 'own');
    const busy = async () => (await daemon.json<GpuInfo[]>(['gpus'])).find((gpu) => gpu.uuid === first)?.busy;
    expect(await busy()).toMatch(/was not what the container of .* got in its place: it is kept back for 10 min/);
    expect((await daemon.cli(['run', 'g'], { cwd })).stdout).toBe('ran\nnvidia1\n');
    await daemon.cli(['gpus', '--fresh']);
    expect(await busy()).toBeNull();
    expect((await daemon.cli(['run', 'g'], { cwd })).stdout).toBe('ran\nnvidia0\n');
  });

  test('with no other GPU to try it fails at once', async () => {
    await daemon.cli(['gpus', '--fresh']);
    standIn.give(standIn.uuids[0]!, [7]);
    const cwd = await projectWith(workflow(3, '  retry: 3\n'));
    const { code, stdout, stderr } = await daemon.cli(['run', 'g'], { cwd });
    standIn.give(standIn.uuids[0]!, 'own');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('gave the container other GPUs than asked for, so nothing was run');
    expect(await lastRun(daemon, cwd)).toMatchObject({ status: 'failed', attempt: 1 });
    await daemon.cli(['gpus', '--fresh']);
  });
});

describe('an image with a command of its own', () => {
  const own = 'FROM dstack-test/tiny:1\nENTRYPOINT ["echo", "own"]\nCMD ["program", "of the", "image"]\n';

  test('runs that, after its GPUs were looked at', async () => {
    const image = await build('own:1', own);
    const { stdout } = await daemon.cli(['run', 'docker', image, '--gpu', '1'], { cwd: await project({}) });
    expect(stdout).toBe('own program of the image\n');
  });

  test('and does not where they are wrong', async () => {
    const image = await build('own:1', own);
    standIn.give(standIn.uuids[0]!, [7]);
    const { code, stdout, stderr } = await daemon.cli(['run', 'docker', image, '--gpu', '3'], { cwd: await project({}) });
    standIn.give(standIn.uuids[0]!, 'own');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('an unknown one (/dev/nvidia7)');
    await daemon.cli(['gpus', '--fresh']);
  });

  test('but no shell cannot be looked into, and that is said', async () => {
    const image = await build(
      'bare:1',
      'FROM dstack-test/tiny:1 AS tiny\nFROM scratch\nCOPY --from=tiny /bin/busybox /busybox\nCMD ["/busybox", "echo", "bare"]\n',
    );
    const cwd = await project({});
    expect((await daemon.cli(['run', 'docker', image], { cwd })).stdout).toBe('bare\n');
    const { code, stderr } = await daemon.cli(['run', 'docker', image, '--gpu', '1'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('the image has no /bin/sh, with which dstack looks whether a container has exactly its GPUs');
    expect(stderr).toContain('use an image with a shell');
    expect((await daemon.cli(['run', 'docker', image, '-c', 'echo x'], { cwd })).stderr).toContain(
      'the image has no /bin/sh to run commands with',
    );
  });
});

describe('CDI', () => {
  const hasCdi = async (): Promise<boolean> => {
    const { CDISpecDirs } = await engineJson<{ CDISpecDirs?: string[] | null }>(machine.engine.host, '/info');
    return (CDISpecDirs ?? []).length > 0;
  };
  const looking = "- name: g\n  provider: bash\n  commands: ['ls /dev | grep nvidia; sleep 1']\n  resources: {gpu: 2}\n";

  test('is taken when it is asked for; an engine without it says so', async () => {
    await using cdi = await startDaemon({ ...machine.options, config: { gpus: { attach: 'cdi' } } });
    const cwd = await projectWith(looking);
    if (!(await hasCdi())) {
      expect((await cdi.cli(['run', 'g'], { cwd })).stderr).toMatch(/has no CDI/);
      return;
    }
    const running = cdi.cli(['run', 'g'], { cwd });
    const request = await waitFor(async () => {
      const [one] = await engineJson<{ Id: string }[]>(machine.engine.host, `/containers/json?${filters({ label: [labels.gpus] })}`);
      type Asked = { HostConfig: { DeviceRequests: { Driver: string; DeviceIDs: string[] }[] } };
      return one && (await engineJson<Asked>(machine.engine.host, `/containers/${one.Id}/json`));
    }, 'the container');
    const ids = standIn.uuids.slice(0, 2).map((uuid) => `nvidia.com/gpu=${uuid}`);
    expect(request.HostConfig.DeviceRequests).toMatchObject([{ Driver: 'cdi', DeviceIDs: ids }]);
    expect((await running).stdout).toBe('nvidia0\nnvidia1\n');
    standIn.give(standIn.uuids[0]!, [2]);
    const wrong = await cdi.cli(['run', 'g'], { cwd });
    standIn.give(standIn.uuids[0]!, 'own');
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toContain('other GPUs than asked for');
  });

  test('is what is left where the hook is absent; without either the run says what is missing', async () => {
    await using bare = await gpuMachine(2, { hook: false });
    await using cdi = await startDaemon(bare.options);
    const { stdout, stderr } = await cdi.cli(['run', 'g'], { cwd: await projectWith(looking) });
    if (await hasCdi()) expect(stdout).toBe('nvidia0\nnvidia1\n');
    else expect(stderr).toContain('The NVIDIA driver is here, but its container toolkit is not');
  });
});
