/** Containers see exactly the GPUs of their run, by `--gpus` and by CDI, and those of runs without see none. */
import { describe, expect, test } from 'vitest';
import { engineJson, filters } from '../support/engine-api.ts';
import { desk, gpuDaemon, gpuProject, gpuUuids, seenIn, workflow } from './machine.ts';

interface Inspected {
  Config: { Labels: Record<string, string> };
  HostConfig: { DeviceRequests: { Driver: string; DeviceIDs: string[] | null }[] | null };
}

/** What the engine was asked for, for the container of the run. */
async function deviceRequests(host: string, run: string) {
  const query = filters({ label: [`dstack.run=${run}`] });
  const [container] = await engineJson<{ Id: string }[]>(host, `/containers/json?${query}`);
  if (!container) throw new Error(`${run} has no container`);
  return (await engineJson<Inspected>(host, `/containers/${container.Id}/json`)).HostConfig.DeviceRequests;
}

describe.each([
  ['gpus', 'nvidia', (uuid: string) => uuid],
  ['cdi', 'cdi', (uuid: string) => `nvidia.com/gpu=${uuid}`],
])('attached by %s', (attach, driver, nameOf) => {
  test('one GPU by its UUID, and PyTorch computes on it', async () => {
    await using daemon = await gpuDaemon({ gpus: { attach } });
    const { start, stop, untilLog, detail } = desk(daemon, await gpuProject(workflow('one', 1, ['$PYTHON see.py', '$PYTHON load.py 1 0'])));
    const name = await start('one');
    const seen = seenIn(await untilLog(name, 'filled 1'));
    const { gpus } = await detail(name);
    expect(gpus).toHaveLength(1);
    expect(gpuUuids()).toContain(gpus[0]);
    expect(await deviceRequests(daemon.engine, name)).toEqual([expect.objectContaining({ Driver: driver, DeviceIDs: gpus.map(nameOf) })]);
    expect(seen).toMatchObject({ count: 1, files: [expect.stringMatching(/^\/dev\/nvidia\d+$/)] });
    await stop(name);
  });

  test('all of them', async () => {
    await using daemon = await gpuDaemon({ gpus: { attach } });
    const all = gpuUuids();
    const { run, log } = await desk(daemon, await gpuProject(workflow('all', all.length, ['$PYTHON see.py']))).run('all');
    expect(run).toMatchObject({ status: 'done', exitCode: 0 });
    expect(run.gpus.toSorted()).toEqual(all.toSorted());
    expect(seenIn(log)?.count).toBe(all.length);
  });

  test('none', async () => {
    await using daemon = await gpuDaemon({ gpus: { attach } });
    const { run, log } = await desk(daemon, await gpuProject(workflow('none', null, ['$PYTHON see.py']))).run('none');
    expect(run).toMatchObject({ status: 'done', gpus: [] });
    expect(seenIn(log)).toEqual({ count: 0, free: 0, total: 0, files: [] });
  });
});
