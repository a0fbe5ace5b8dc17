import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MountSpec } from '../../../daemon/engine/engine.ts';
import { createBody } from '../../../daemon/engine/spec.ts';
import { testContainers } from '../../support/containers.ts';
import { startEngine } from '../../support/engine.ts';

const t = testContainers();
let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dstack-engine-'));
});
afterAll(async () => {
  await t.clean();
  await rm(dir, { recursive: true, force: true });
});

const seen = async (script: string, changes: Parameters<typeof t.output>[1]): Promise<string> =>
  (await t.output(script, changes)).output.trim();

describe('limits are real inside', () => {
  it('memory, without swap beyond it', async () => {
    const script = 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max';
    expect(await seen(script, { memory: 64 * 1024 * 1024 })).toBe(String(64 * 1024 * 1024));
    const { HostConfig } = createBody(t.spec('', { memory: 64 * 1024 * 1024 }));
    expect(HostConfig?.MemorySwap).toBe(HostConfig?.Memory);
  });

  it('cores', async () => {
    const script = 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d" " -f1 /sys/fs/cgroup/cpu.max';
    expect(await seen(script, { cpu: 0.5 })).toBe('50000');
  });

  it('shared memory', async () => {
    expect(await seen("df -k /dev/shm | awk 'END {print $2}'", { shmSize: 8 * 1024 * 1024 })).toBe('8192');
  });
});

describe('the environment', () => {
  it('is passed as it is, and the program runs where it should', async () => {
    expect(await seen('echo "$A|$PWD"', { env: { A: 'two  words = "x"' }, workingDir: '/some/where' })).toBe(
      'two  words = "x"|/some/where',
    );
  });

  it('says that there are no GPUs where none were given, whatever the image or the run asks for', async () => {
    expect(await seen('echo $NVIDIA_VISIBLE_DEVICES', { env: { NVIDIA_VISIBLE_DEVICES: 'all' } })).toBe('void');
  });

  it('asks for the GPUs by their UUIDs', () => {
    const body = createBody(t.spec('', { gpus: ['GPU-1', 'GPU-2'], env: { NVIDIA_VISIBLE_DEVICES: 'all' } }));
    expect(body.HostConfig?.DeviceRequests).toEqual([{ Driver: 'nvidia', DeviceIDs: ['GPU-1', 'GPU-2'], Capabilities: [['gpu']] }]);
    expect(body.Env).toEqual(['TINI_KILL_PROCESS_GROUP=1']);
  });

  it('asks for them by CDI, and then for nothing else', () => {
    const body = createBody(t.spec('', { gpus: ['GPU-1', 'GPU-2'], gpuAttach: 'cdi', env: { NVIDIA_VISIBLE_DEVICES: 'all' } }));
    expect(body.HostConfig?.DeviceRequests).toEqual([{ Driver: 'cdi', DeviceIDs: ['nvidia.com/gpu=GPU-1', 'nvidia.com/gpu=GPU-2'] }]);
    expect(body.Env).toContain('NVIDIA_VISIBLE_DEVICES=void');
  });

  it('has a terminal or none', async () => {
    expect(await seen('test -t 1 && echo yes || echo no', { tty: true })).toBe('yes');
    expect(await seen('test -t 1 && echo yes || echo no', { tty: false })).toBe('no');
  });

  it('has no network where none is wanted', async () => {
    expect(await seen('ls /sys/class/net', { network: 'none' })).toBe('lo');
  });
});

describe("the engine's record", () => {
  it('is whole, whatever the administrator has set for other containers', async () => {
    await using private_ = await startEngine({
      config: { 'log-driver': 'json-file', 'log-opts': { 'max-size': '10k', 'max-file': '2', mode: 'non-blocking' } },
    });
    const own = testContainers(private_.host);
    const { output } = await own.output('seq 1 20000');
    expect(output).toBe(Array.from({ length: 20_000 }, (_, line) => `${line + 1}\n`).join(''));
  });
});

describe('bind mounts', () => {
  it('take paths with colons, commas and spaces', async () => {
    const source = join(dir, 'a:b, c d');
    await mkdir(source);
    await writeFile(join(source, 'in'), 'from outside');
    const mounts: MountSpec[] = [{ type: 'bind', source, target: '/m: n', readOnly: false }];
    expect(await seen('cat "/m: n/in"; echo -n inside > "/m: n/out"', { mounts })).toBe('from outside');
    expect(await readFile(join(source, 'out'), 'utf8')).toBe('inside');
  });

  it('can be read-only', async () => {
    const mounts: MountSpec[] = [{ type: 'bind', source: dir, target: '/m', readOnly: true }];
    expect((await t.output('echo x > /m/x', { mounts })).output).toMatch(/read-only file system/i);
  });

  it('say which source is not there', async () => {
    const mounts: MountSpec[] = [{ type: 'bind', source: join(dir, 'nowhere'), target: '/m', readOnly: false }];
    await expect(t.engine.create(t.spec('true', { mounts }))).rejects.toMatchObject({
      kind: 'mount',
      message: expect.stringContaining('nowhere') as string,
    });
  });
});

describe('overlay workspaces', () => {
  async function overlay(): Promise<Extract<MountSpec, { type: 'overlay' }>> {
    const base = await mkdtemp(join(dir, 'w'));
    const [lower, upper, work] = ['lower', 'upper', 'work'].map((part) => join(base, part)) as [string, string, string];
    for (const path of [lower, upper, work]) await mkdir(path);
    await writeFile(join(lower, 'code.py'), 'original');
    return { type: 'overlay', volume: t.name(), lower, upper, work, target: '/workflow' };
  }

  it('put what is written into the upper folder and leave the lower one alone, with artifacts mounted inside', async () => {
    const mount = await overlay();
    const artifacts = await mkdtemp(join(dir, 'a'));
    const mounts: MountSpec[] = [mount, { type: 'bind', source: artifacts, target: '/workflow/output', readOnly: false }];
    const script = 'cat code.py; echo -n changed > code.py; echo -n new > new.txt; echo -n kept > output/model';
    expect(await seen(script, { mounts, workingDir: '/workflow' })).toBe('original');
    expect(await readFile(join(mount.lower, 'code.py'), 'utf8')).toBe('original');
    expect(await readFile(join(mount.upper, 'code.py'), 'utf8')).toBe('changed');
    expect(await readFile(join(mount.upper, 'new.txt'), 'utf8')).toBe('new');
    expect(await readFile(join(artifacts, 'model'), 'utf8')).toBe('kept');
    const volumes = await t.engine.volumes(t.installation);
    expect(volumes.map((one) => one.name)).toContain(mount.volume);
    await t.engine.removeVolume(mount.volume);
    await t.engine.removeVolume(mount.volume);
    expect((await t.engine.volumes(t.installation)).map((one) => one.name)).not.toContain(mount.volume);
  });

  it('are not removed while in use', async () => {
    const mount = await overlay();
    const name = await t.run('sleep 60', { mounts: [mount] });
    await expect(t.engine.removeVolume(mount.volume)).rejects.toMatchObject({ kind: 'conflict' });
    await t.engine.remove(name, true);
  });

  it('are not some other volume of that name', async () => {
    const [mine, other] = [await overlay(), await overlay()];
    await t.engine.create(t.spec('true', { mounts: [other] }));
    const spec = t.spec('true', { mounts: [{ ...mine, volume: other.volume }] });
    await expect(t.engine.create(spec)).rejects.toMatchObject({
      kind: 'mount',
      message: expect.stringContaining('exists already') as string,
    });
    expect(await t.engine.inspect(spec.name)).toBeNull();
  });

  it('refuse paths that the kernel would read differently', async () => {
    const mount = { ...(await overlay()), upper: '/x:y' };
    await expect(t.engine.create(t.spec('true', { mounts: [mount] }))).rejects.toMatchObject({ kind: 'mount' });
  });

  it('say so when the mount fails', async () => {
    const mount = { ...(await overlay()), lower: join(dir, 'gone') };
    const spec = t.spec('true', { mounts: [mount] });
    await expect(t.engine.create(spec).then(() => t.engine.start(spec.name))).rejects.toMatchObject({ kind: 'mount' });
  });
});
