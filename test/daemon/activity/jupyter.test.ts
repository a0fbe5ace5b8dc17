import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { jupyterReading, readJupyter } from '../../../daemon/activity/jupyter.ts';

const kernel = (over: object = {}): object => ({
  id: '0f8d',
  name: 'python3',
  last_activity: '2026-11-23T10:00:00.000000Z',
  execution_state: 'idle',
  connections: 0,
  ...over,
});
const terminal = (over: object = {}): object => ({ name: '1', last_activity: '2026-11-23T10:00:00.000000Z', ...over });
const status = (over: object = {}): object => ({
  started: '2026-11-23T09:00:00.000000Z',
  last_activity: '2026-11-23T10:00:00.000000Z',
  connections: 0,
  kernels: 1,
  ...over,
});

const marked = (...of: Parameters<typeof jupyterReading>): string | undefined => jupyterReading(...of)?.mark;

describe('what Jupyter says', () => {
  test.each([
    [[], null],
    [[kernel()], null],
    [[kernel({ execution_state: 'starting' })], null],
    [[kernel({ execution_state: 'dead' })], null],
    [[kernel(), kernel({ id: 'b', execution_state: 'busy' })], 'a kernel is busy'],
    [[kernel({ execution_state: 'busy' }), kernel({ execution_state: 'busy', connections: 1 })], '2 kernels are busy'],
    [[kernel({ connections: 1 })], 'a notebook is open'],
  ])('of kernels %j: %s', (kernels, use) => {
    expect(jupyterReading(kernels, [], status())).toMatchObject({ use });
  });

  test('shows what came and went between two questions', () => {
    const before = marked([kernel()], [terminal()], status());
    const later = '2026-11-23T10:00:01.000000Z';
    expect(marked([kernel()], [terminal()], status())).toBe(before);
    for (const after of [
      marked([kernel({ last_activity: later })], [terminal()], status()),
      marked([kernel({ id: 'b' })], [terminal()], status()),
      marked([kernel({ execution_state: 'starting' })], [terminal()], status()),
      marked([kernel()], [terminal({ last_activity: later })], status()),
      marked([kernel()], [], status()),
      marked([kernel()], [terminal()], status({ last_activity: later })),
      // it was restarted
      marked([kernel()], [terminal()], status({ started: later })),
    ])
      expect(after).not.toBe(before);
  });

  test('in any order, is the same', () => {
    const two = [kernel(), kernel({ id: 'b' })];
    expect(marked(two, [], status())).toBe(marked(two.toReversed(), [], status()));
  });

  test.each([
    [undefined, [], status()],
    [[], { message: 'Forbidden' }, status()],
    [[], [], undefined],
    ['<html>', [], status()],
  ])('nothing, where the answers are not its own: %j %j %j', (kernels, terminals, answer) => {
    expect(jupyterReading(kernels, terminals, answer)).toBeNull();
  });
});

const servers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of servers.splice(0)) await close();
});

/** A stand-in for Jupyter's server. */
async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

const answers: Record<string, unknown> = { '/api/kernels': [kernel()], '/api/terminals': [terminal()], '/api/status': status() };

describe('asking Jupyter', () => {
  test('leaves no trace in its activity, shows the token, and hangs up', async () => {
    const asked: string[] = [];
    const port = await serve((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
      asked.push(`${searchParams.get('no_track_activity')} ${request.headers.authorization} ${request.headers.connection}`);
      response.end(JSON.stringify(answers[pathname]));
    });
    expect(await readJupyter(port, 'secret', 5_000)).toEqual(jupyterReading([kernel()], [terminal()], status()));
    expect(asked).toEqual(Array.from({ length: 3 }, () => '1 token secret close'));
  });

  test('takes a server that has no terminals', async () => {
    const port = await serve((request, response) => {
      const { pathname } = new URL(request.url ?? '', 'http://x');
      if (pathname === '/api/terminals') response.statusCode = 404;
      response.end(JSON.stringify(answers[pathname]));
    });
    expect(await readJupyter(port, 't', 5_000)).toEqual(jupyterReading([kernel()], [], status()));
  });

  test.each<[what: string, listener: RequestListener]>([
    ['refuses the token', (_, response) => response.writeHead(403).end('{}')],
    ['serves something else', (_, response) => response.end('<html>')],
    ['hangs', () => {}],
    ['hangs in the middle', (_, response) => void response.write('[')],
    ['never ends', (_, response) => setInterval(() => response.write('x'.repeat(100_000)), 1).unref()],
    ['breaks off', (request) => request.socket.destroy()],
  ])('says nothing of one that %s', async (_, listener) => {
    const port = await serve(listener);
    expect(await readJupyter(port, 't', 300)).toBeNull();
  });

  test('says nothing of one that is not there', async () => {
    const port = await serve(() => {});
    await servers.pop()?.();
    expect(await readJupyter(port, 't', 5_000)).toBeNull();
  });
});
