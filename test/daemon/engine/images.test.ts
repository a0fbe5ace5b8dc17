import { afterAll, describe, expect, it } from 'vitest';
import type { PullProgress } from '../../../daemon/engine/engine.ts';
import { PullMeter } from '../../../daemon/engine/pull-meter.ts';
import { parseReference } from '../../../daemon/engine/reference.ts';
import { must } from '../../support/command.ts';
import { never, testContainers } from '../../support/containers.ts';
import { startEngine } from '../../support/engine.ts';
import { startRegistry } from '../../support/registry.ts';

const t = testContainers();
const { engine } = t;
afterAll(() => t.clean());
const nothing = (): void => {};
const user = { username: 'ada', password: 'correct horse' };

describe('image', () => {
  it('tells what the image runs by itself', async () => {
    expect(await engine.image('dstack-test/tiny:1')).toMatchObject({
      id: expect.stringMatching(/^sha256:/) as string,
      digest: null,
      command: expect.any(Array) as string[],
      env: expect.arrayContaining([expect.stringMatching(/^PATH=/)]) as string[],
    });
    expect(await engine.image('dstack-test/nothing:1')).toBeNull();
  });
});

describe('pull', () => {
  it('brings an image from a registry, says how far it is, and leaves its digest', async () => {
    await using fresh = await startEngine({ tinyImage: false });
    const own = testContainers(fresh.host);
    await using registry = await startRegistry();
    const name = await registry.push(engine.endpoint, 'dstack-test/tiny:1', 'team/tiny:1');
    const seen: PullProgress[] = [];
    await own.engine.pull(name, null, (progress) => seen.push(progress), never);
    expect(seen.at(-1)).toMatchObject({ phase: 'done' });
    expect(seen.at(-1)?.total).toBeGreaterThan(100_000);
    expect(seen.at(-1)?.current).toBe(seen.at(-1)?.total);
    for (const { current, total } of seen) expect(current).toBeLessThanOrEqual(total);
    const image = await own.engine.image(name);
    expect(image?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    await own.engine.pull(`${registry.host}/team/tiny@${image?.digest}`, null, nothing, never);
    await own.engine.create({ ...own.spec('true'), image: `${registry.host}/team/tiny@${image?.digest}` });
  });

  it("says in the registry's words what is not there", async () => {
    await using registry = await startRegistry();
    const missing = `${registry.host}/team/nothing:2`;
    await expect(engine.pull(missing, null, nothing, never)).rejects.toMatchObject({
      kind: 'not_found',
      message: expect.stringMatching(/manifest/) as string,
    });
  });

  it('passes the user and password on, and tells a wrong one from a missing image', async () => {
    await using registry = await startRegistry(user);
    const name = await registry.push(engine.endpoint, 'dstack-test/tiny:1', 'private/tiny:1');
    await expect(engine.pull(name, null, nothing, never)).rejects.toMatchObject({ kind: 'denied' });
    await expect(engine.pull(name, { ...user, password: 'wrong' }, nothing, never)).rejects.toMatchObject({ kind: 'denied' });
    await engine.pull(name, user, nothing, never);
    expect(await engine.image(name)).not.toBeNull();
    await must('docker', ['-H', engine.endpoint, 'rmi', name]);
  });

  it('says that no registry answers', async () => {
    await expect(engine.pull('127.0.0.1:1/x:1', null, nothing, never)).rejects.toMatchObject({
      kind: 'other',
      message: expect.stringMatching(/refused/) as string,
    });
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    const pulling = engine.pull('127.0.0.1:1/x:1', null, nothing, stop.signal);
    stop.abort();
    await expect(pulling).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a reference', () => {
  it.each([
    ['python', 'docker.io', 'python', 'latest'],
    ['python:3.11', 'docker.io', 'python', '3.11'],
    ['nvidia/cuda:12.2-base', 'docker.io', 'nvidia/cuda', '12.2-base'],
    ['ghcr.io/a/b', 'ghcr.io', 'ghcr.io/a/b', 'latest'],
    ['localhost:5000/a/b:c', 'localhost:5000', 'localhost:5000/a/b', 'c'],
    ['localhost/a', 'localhost', 'localhost/a', 'latest'],
    ['r.io:1/a:2@sha256:ab', 'r.io:1', 'r.io:1/a', 'sha256:ab'],
  ])('%s', (reference, registry, repository, tag) => {
    expect(parseReference(reference)).toEqual({ registry, repository, tag });
  });
});

describe('the progress of a pull', () => {
  it('adds up layers, first as they arrive, then as they are unpacked', () => {
    const meter = new PullMeter();
    const line = (id: string, status: string, current?: number, total?: number): PullProgress | null =>
      meter.take({ id, status, progressDetail: total === undefined ? {} : { current, total } });
    expect(line('latest', 'Pulling from library/python')).toBeNull();
    expect(meter.take({ status: 'Digest: sha256:0' })).toBeNull();
    expect(line('a', 'Pulling fs layer')).toEqual({ current: 0, total: 0, phase: 'waiting' });
    line('b', 'Pulling fs layer');
    line('c', 'Already exists');
    expect(line('a', 'Downloading', 10, 100)).toEqual({ current: 10, total: 100, phase: 'downloading' });
    expect(line('b', 'Downloading', 20, 50)).toEqual({ current: 30, total: 150, phase: 'downloading' });
    expect(line('a', 'Download complete')).toEqual({ current: 120, total: 150, phase: 'downloading' });
    expect(line('b', 'Download complete')).toEqual({ current: 0, total: 150, phase: 'extracting' });
    expect(line('a', 'Extracting', 40, 100)).toEqual({ current: 40, total: 150, phase: 'extracting' });
    line('a', 'Pull complete');
    expect(line('b', 'Pull complete')).toEqual({ current: 150, total: 150, phase: 'done' });
  });
});
