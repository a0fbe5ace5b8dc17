import { afterAll, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../../daemon/engine/docker.ts';
import { EngineError, labels } from '../../../daemon/engine/engine.ts';
import { must } from '../../support/command.ts';
import { never, testContainers } from '../../support/containers.ts';

const t = testContainers();
const { engine } = t;
afterAll(() => t.clean());

describe('create', () => {
  it('finds the one of this name instead of making a second', async () => {
    const spec = t.spec('true', { labels: { [labels.run]: '7' } });
    const made = await engine.create(spec);
    const again = await engine.create({ ...spec, labels: { [labels.run]: '8' } });
    expect(made.created).toBe(true);
    expect(again).toEqual({ id: made.id, created: false });
    expect((await engine.inspect(spec.name))?.labels).toMatchObject({ [labels.run]: '7', [labels.installation]: t.installation });
  });

  it('lets one of many win', async () => {
    const spec = t.spec('true');
    const all = await Promise.all(Array.from({ length: 8 }, () => engine.create(spec)));
    expect(all.filter((one) => one.created)).toHaveLength(1);
    expect(new Set(all.map((one) => one.id)).size).toBe(1);
  });

  it('says that the image is not there', async () => {
    await expect(engine.create(t.spec('true', { image: 'dstack-test/nothing:1' }))).rejects.toMatchObject({ kind: 'not_found' });
  });

  it("publishes ports on this machine only, one of the engine's choice where none is given", async () => {
    const name = await t.run('sleep 60', { network: undefined, ports: [{ container: 8000, host: null }] });
    const ports = (await engine.inspect(name))?.ports ?? [];
    expect(ports).toEqual([{ container: 8000, host: expect.any(Number) as number }]);
    expect(ports[0]?.host).toBeGreaterThan(1024);
    const bound = await must('docker', ['-H', engine.endpoint, 'inspect', '-f', '{{json .NetworkSettings.Ports}}', name]);
    expect(JSON.parse(bound)).toEqual({ '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: String(ports[0]?.host) }] });
  });
});

describe('the life of a container', () => {
  it('goes from created through running to exited', async () => {
    const spec = t.spec('read line; exit 3');
    const before = Date.now();
    await engine.create(spec);
    expect((await engine.inspect(spec.name))?.state).toEqual({ status: 'created' });
    const attached = await engine.attach(spec.name);
    await engine.start(spec.name);
    await engine.start(spec.name);
    const running = (await engine.inspect(spec.name))?.state;
    expect(running).toMatchObject({ status: 'running' });
    if (running?.status === 'running') expect(running.startedAt).toBeGreaterThan(before - 5000);
    attached.write('go\n');
    expect(await engine.wait(spec.name, never)).toBe(3);
    expect((await engine.inspect(spec.name))?.state).toMatchObject({ status: 'exited', exitCode: 3, outOfMemory: false, error: '' });
    expect(await engine.wait(spec.name, never)).toBe(3);
    await engine.remove(spec.name, false);
    expect(await engine.inspect(spec.name)).toBeNull();
  });

  it('tells what the kernel killed for its memory', async () => {
    const name = await t.run('x=$(yes | head -c 200000000)', { memory: 20 * 1024 * 1024, init: false });
    expect(await engine.wait(name, never)).not.toBe(0);
    expect((await engine.inspect(name))?.state).toMatchObject({ status: 'exited', outOfMemory: true });
  });

  it('keeps why a start failed', async () => {
    const spec = t.spec('', { command: ['/no/such/program'], init: false });
    await engine.create(spec);
    await expect(engine.start(spec.name)).rejects.toBeInstanceOf(EngineError);
    const state = (await engine.inspect(spec.name))?.state;
    expect(state).toMatchObject({ status: 'exited', startedAt: null, exitCode: 127 });
    if (state?.status === 'exited') expect(state.error).toContain('/no/such/program');
  });

  it('ends with 137 when killed, and a second kill is nothing', async () => {
    const name = await t.run('sleep 60');
    await engine.kill(name, 'SIGKILL');
    expect(await engine.wait(name, never)).toBe(137);
    await engine.kill(name, 'SIGKILL');
    await engine.kill(`${name}-never-was`, 'SIGTERM');
  });

  it('passes a signal on to the children of the shell', async () => {
    const name = await t.run(
      `trap 'exit 143' TERM; bash -c 'trap "echo child heard; exit 0" TERM; echo ready; while :; do sleep 0.05; done'; echo not here`,
    );
    const output = await engine.logs(name, true, never);
    let text = '';
    for await (const chunk of output) {
      text += String(chunk);
      if (text === 'ready\r\n') await engine.kill(name, 'SIGTERM');
    }
    expect(text).toContain('child heard');
    expect(text).not.toContain('not here');
    expect(await engine.wait(name, never)).toBe(143);
  });
});

describe('wait', () => {
  it('gives null for a container that was removed', async () => {
    const spec = t.spec('true');
    await engine.create(spec);
    await engine.remove(spec.name, false);
    await engine.remove(spec.name, true);
    expect(await engine.wait(spec.name, never)).toBeNull();
  });

  it('ends with its signal', async () => {
    const name = await t.run('sleep 60');
    const stop = new AbortController();
    const early = engine.wait(name, stop.signal).catch((error: unknown) => error);
    // the engine has begun its answer to this one by the time it has answered what was asked later
    const late = new AbortController();
    const waiting = engine.wait(name, late.signal).catch((error: unknown) => error);
    stop.abort();
    expect(await early).toMatchObject({ name: 'AbortError' });
    for (let asked = 0; asked < 5; asked++) await engine.inspect(name);
    late.abort();
    expect(await waiting).toMatchObject({ name: 'AbortError' });
    expect((await engine.inspect(name))?.state.status).toBe('running');
  });
});

describe('list', () => {
  it('shows what is ours and nothing else', async () => {
    const other = createDockerEngine({ endpoint: engine.endpoint, installation: `${t.installation}-other` });
    const theirs = t.spec('true');
    await other.create(theirs);
    const ours = t.spec('true', { labels: { [labels.job]: '0' } });
    const { id } = await engine.create(ours);
    const listed = await engine.list(t.installation);
    expect(listed).toContainEqual({ id, name: ours.name, labels: expect.objectContaining({ [labels.job]: '0' }) as object });
    expect(listed.map((one) => one.name)).not.toContain(theirs.name);
    await other.remove(theirs.name, true);
  });
});
