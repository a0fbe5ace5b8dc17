/**
 * What a run sees of the machine's GPUs, and what happens when that is not what it was given: stand-ins of test/support/gpu-stand-in.ts, by `--gpus` on every
 * engine, by CDI where the engine has it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '../../support/command.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { engineJson, filters } from '../../support/engine-api.ts';
import { startEngine, type TestEngine } from '../../support/engine.ts';
import { gpuStandIn, type GpuStandIn } from '../../support/gpu-stand-in.ts';
import { project, projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { labels } from '../../../daemon/engine/engine.ts';
import { lastRun, untilNothingIsLeft } from './fixture.ts';

let standIn: GpuStandIn;
let engine: TestEngine;
let daemon: TestDaemon;

const see = 'ls /dev | grep nvidia || echo none';
const workflow = (gpus: number, more = ''): string =>
  `- name: g\n  provider: bash\n  commands: ['echo ran; ${see}']\n  resources: {gpu: ${gpus}}\n${more}`;
const withoutGpu = `- name: g\n  provider: bash\n  commands: ['echo ran; ${see}']\n`;

/** An image of the tiny one with this Dockerfile behind it. */
const build = async (tag: string, dockerfile: string): Promise<string> => {
  const dir = scratchDir('build');
  writeFileSync(join(dir, 'Dockerfile'), dockerfile);
  await must('docker', ['build', '-q', '-t', tag, dir], { env: { ...process.env, DOCKER_HOST: engine.host, DOCKER_BUILDKIT: '0' } });
  return tag;
};
const daemonWith = (gpus: GpuStandIn, config: Record<string, unknown> = {}): Promise<TestDaemon> =>
  startDaemon({ engine: engine.host, env: { PATH: `${gpus.bin}:${process.env['PATH']}` }, config });

beforeAll(async () => {
  standIn = gpuStandIn(3);
  engine = await startEngine({ env: { PATH: standIn.bin }, cdi: standIn.cdi });
  daemon = await daemonWith(standIn);
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await engine?.stop();
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
  const message =
    "the host 'local' gave the container other GPUs than asked for, so nothing was run: it should see GPU-11111111-1111-1111-1111-111111111111 (/dev/nvidia0), and it saw GPU-22222222-2222-2222-2222-222222222222 (/dev/nvidia1)";

  test.each([
    ['another', [1], message],
    ['one more', [0, 2], message.replace(/it saw .*/, 'it saw $& and ')],
    ['none', [], message.replace(/it saw .*/, 'it saw none')],
  ])('%s: nothing is run, and the run says what was seen', async (_, devices) => {
    standIn.give(standIn.uuids[0]!, devices);
    const cwd = await projectWith(workflow(1, '  retry: 3\n'));
    const { code, stdout, stderr } = await daemon.cli(['run', 'g'], { cwd });
    standIn.give(standIn.uuids[0]!, 'own');
    expect({ code, stdout }).toMatchObject({ code: 1, stdout: '' });
    const saw = devices.length === 0 ? 'none' : devices.map((n) => `${standIn.uuids[n]} (/dev/nvidia${n})`).join(' and ');
    const sentence = message.replace(/it saw .*/, `it saw ${saw}`);
    expect(stderr).toContain(sentence);
    // there is no other host to try
    expect(await lastRun(daemon, cwd)).toMatchObject({ status: 'failed', reason: sentence });
    await untilNothingIsLeft(daemon);
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
    standIn.give(standIn.uuids[0]!, [2]);
    const { code, stdout, stderr } = await daemon.cli(['run', 'docker', image, '--gpu', '1'], { cwd: await project({}) });
    standIn.give(standIn.uuids[0]!, 'own');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('it saw GPU-33333333-3333-3333-3333-333333333333 (/dev/nvidia2)');
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
  test('is taken where the engine has it and the hook is absent, or when it is asked for', async () => {
    const { Config: _, ...info } = await engineJson<{ CDISpecDirs?: string[]; Config?: unknown }>(engine.host, '/info');
    const hasCdi = (info.CDISpecDirs ?? []).length > 0;
    await using cdi = await daemonWith(standIn, { gpus: { attach: 'cdi' } });
    const cwd = await projectWith("- name: g\n  provider: bash\n  commands: ['ls /dev | grep nvidia; sleep 1']\n  resources: {gpu: 2}\n");
    if (!hasCdi) {
      // an engine without: what is chosen is `--gpus`, and asking for CDI is refused with a sentence
      expect((await cdi.cli(['run', 'g'], { cwd })).stderr).toMatch(/has no CDI/);
      expect((await daemon.cli(['run', 'g'], { cwd })).stdout).toBe('nvidia0\nnvidia1\n');
      return;
    }
    const running = cdi.cli(['run', 'g'], { cwd });
    const request = await waitFor(async () => {
      const [one] = await engineJson<{ Id: string }[]>(engine.host, `/containers/json?${filters({ label: [labels.gpus] })}`);
      return (
        one &&
        (await engineJson<{ HostConfig: { DeviceRequests: { Driver: string; DeviceIDs: string[] }[] } }>(
          engine.host,
          `/containers/${one.Id}/json`,
        ))
      );
    }, 'the container');
    expect(request.HostConfig.DeviceRequests).toMatchObject([
      { Driver: 'cdi', DeviceIDs: standIn.uuids.slice(0, 2).map((uuid) => `nvidia.com/gpu=${uuid}`) },
    ]);
    expect((await running).stdout).toBe('nvidia0\nnvidia1\n');
    standIn.give(standIn.uuids[0]!, [2]);
    const wrong = await cdi.cli(['run', 'g'], { cwd });
    standIn.give(standIn.uuids[0]!, 'own');
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toContain('other GPUs than asked for');
  });
});
