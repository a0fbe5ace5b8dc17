import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../../daemon/engine/connection.ts';
import { createDockerEngine, findEndpoint } from '../../../daemon/engine/docker.ts';
import { kindOf, toEngineError } from '../../../daemon/engine/errors.ts';
import { never, testContainers } from '../../support/containers.ts';
import { startEngine } from '../../support/engine.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dstack-endpoint-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('an engine that is not there', () => {
  it.each(['unix:///nonexistent/docker.sock', 'tcp://127.0.0.1:1'])('%s is unreachable', async (endpoint) => {
    const engine = createDockerEngine({ endpoint, installation: 'x' });
    await expect(engine.info()).rejects.toMatchObject({ kind: 'unreachable', message: expect.stringContaining(endpoint) as string });
    await expect(engine.wait('x', never)).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(engine.attach('x')).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(engine.watch('x', () => {}, never)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('that takes the question and never answers is unreachable too', async () => {
    const socket = join(dir, 'mute.sock');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    const asked = connect(`unix://${socket}`).ask({ method: 'GET', path: '/info' }, 100);
    await expect(asked).rejects.toMatchObject({ kind: 'unreachable', message: expect.stringContaining('within 0.1 s') as string });
    server.close();
  });

  it('that breaks off in the middle of its answer is unreachable', async () => {
    const socket = join(dir, 'short.sock');
    const server = createServer((client) => {
      client.once('data', () => client.end('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"Status'));
    }).listen(socket);
    await once(server, 'listening');
    const engine = createDockerEngine({ endpoint: `unix://${socket}`, installation: 'x' });
    await expect(engine.volumes('x')).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(engine.wait('x', never)).rejects.toMatchObject({ kind: 'unreachable' });
    server.close();
  });

  it('of a kind that is not spoken here is refused with a sentence', () => {
    expect(() => createDockerEngine({ endpoint: 'ssh://me@there', installation: 'x' })).toThrow(/ssh:\/\/me@there/);
  });
});

describe('an engine that is killed', () => {
  it('ends what was going on, and answers again after its restart with another epoch', async () => {
    await using private_ = await startEngine();
    const t = testContainers(private_.host);
    const before = (await t.engine.info()).epoch;
    const spec = t.spec('echo one; sleep 1000');
    await t.engine.create(spec);
    const attached = await t.engine.attach(spec.name);
    await t.engine.start(spec.name);
    const waiting = t.engine.wait(spec.name, never).catch((error: unknown) => error);
    const watching = t.engine.watch(t.installation, () => {}, never).catch((error: unknown) => error);
    const reading = text(await t.engine.logs(spec.name, true, never)).catch((error: unknown) => error);
    const printed = text(attached.output);
    await private_.restart('kill');
    expect(await waiting).toMatchObject({ kind: 'unreachable' });
    expect(await watching).toMatchObject({ kind: 'unreachable' });
    expect(await reading).toMatchObject({ kind: 'unreachable' });
    expect(await printed).toBe('one\r\n');
    const after = (await t.engine.info()).epoch;
    expect(before).not.toBe('');
    expect(after).not.toBe(before);
    expect((await t.engine.inspect(spec.name))?.state).toMatchObject({ status: 'exited' });
  });
});

describe('what went wrong', () => {
  it.each([
    [500, 'mkdir /var/lib/docker/x: no space left on device', 'no_space'],
    [500, "error while mounting volume '/x': failed to mount local volume: no such file", 'mount'],
    [400, 'invalid mount config for type "bind": bind source path does not exist: /x', 'mount'],
    [404, 'No such container: x', 'not_found'],
    [500, "pull access denied for x, repository does not exist or may require 'docker login'", 'denied'],
    [null, 'manifest for a/b:c not found: manifest unknown', 'not_found'],
    [409, 'Conflict. The container name "/x" is already in use', 'conflict'],
    [500, 'something else', 'other'],
  ] as const)('%s %s: %s', (status, said, kind) => {
    expect(kindOf(status, said)).toBe(kind);
  });

  it('with the permission to use the socket is told with its remedy', () => {
    const error = toEngineError(Object.assign(new Error('connect EACCES'), { code: 'EACCES' }), 'unix:///x');
    expect(error).toMatchObject({ kind: 'denied', message: expect.stringContaining('usermod -aG docker') as string });
  });
});

describe('findEndpoint', () => {
  const context = async (name: string, config: object): Promise<NodeJS.ProcessEnv> => {
    const home = await mkdtemp(join(dir, 'h'));
    const meta = join(home, '.docker/contexts/meta', createHash('sha256').update(name).digest('hex'));
    await mkdir(meta, { recursive: true });
    await writeFile(
      join(meta, 'meta.json'),
      JSON.stringify({ Name: name, Endpoints: { docker: { Host: 'unix:///of/the/context.sock' } } }),
    );
    await writeFile(join(home, '.docker/config.json'), JSON.stringify(config));
    return { HOME: home };
  };

  it('takes DOCKER_HOST before all', async () => {
    expect(findEndpoint({ ...(await context('lab', { currentContext: 'lab' })), DOCKER_HOST: 'tcp://1.2.3.4:5' })).toBe('tcp://1.2.3.4:5');
  });

  it('takes the current context', async () => {
    expect(findEndpoint(await context('lab', { currentContext: 'lab' }))).toBe('unix:///of/the/context.sock');
    expect(findEndpoint({ ...(await context('lab', {})), DOCKER_CONTEXT: 'lab' })).toBe('unix:///of/the/context.sock');
  });

  it("takes the system's socket where nothing is said", async () => {
    for (const config of [{}, { currentContext: 'default' }, { currentContext: 'gone' }]) {
      expect(findEndpoint(await context('lab', config))).toBe('unix:///var/run/docker.sock');
    }
  });
});
