import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { routes, type Verb } from '../../../shared/api.ts';
import { socketPath } from '../../../shared/socket.ts';
import type { TestDaemon } from '../../support/daemon.ts';

/** A verb of the daemon's without the command line; what it answers, or its failure. */
export async function askDaemon(daemon: Pick<TestDaemon, 'home'>, verb: Verb, params: object): Promise<unknown> {
  const { method, path } = routes[verb];
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request(
    { socketPath: socketPath(daemon.home), method, path, headers: { host: 'dstack', 'content-type': 'application/json' } },
    resolve,
  );
  sent.on('error', reject);
  sent.end(JSON.stringify(params));
  return JSON.parse(await text(await promise));
}
