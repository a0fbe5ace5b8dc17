import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { routes, type Verbs } from '../../shared/api.ts';
import { fail, messageOf, ok, type Failure, type Result } from '../../shared/result.ts';
import { ownVersion, versionHeader } from '../../shared/version.ts';

type Asked = 'snapshotKnown' | 'snapshotSend';

/** Asks for the next attempt of a watch; fails as `ask` does. */
export async function askForRerun(socketPath: string, params: Verbs['rerun']['params']): Promise<Result<Verbs['rerun']['answer']>> {
  const http = process.getBuiltinModule('node:http');
  const { method, path } = routes.rerun;
  try {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const headers = { host: 'dstack', [versionHeader]: ownVersion(), 'content-type': 'application/json' };
    const request: ClientRequest = http.request({ socketPath, method, path, headers }, resolve);
    request.on('error', reject);
    request.end(JSON.stringify(params));
    const answer = await promise;
    const value: unknown = JSON.parse(await text(answer));
    return answer.statusCode === 200 ? ok(value as Verbs['rerun']['answer']) : { ok: false, failure: value as Failure };
  } catch (error) {
    return fail('daemon_gone', `The daemon went away (${messageOf(error)}).`, 'Try again.');
  }
}

/** Asks the daemon; all parameters are in the query, `body` is what is sent. Fails with what the daemon says, and with `daemon_gone`. */
export async function ask<V extends Asked>(
  socketPath: string,
  verb: V,
  params: Record<string, string>,
  body?: Readable,
): Promise<Result<Verbs[V]['answer']>> {
  const { method, path } = routes[verb];
  // see daemon/engine/dial.ts: imported as a module it would load Node's fetch too
  const http = process.getBuiltinModule('node:http');
  try {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const headers = { host: 'dstack', [versionHeader]: ownVersion(), 'content-type': 'application/octet-stream' };
    const request: ClientRequest = http.request({ socketPath, method, path: `${path}?${new URLSearchParams(params)}`, headers }, resolve);
    request.on('error', reject);
    if (body) await pipeline(body, request).catch(reject);
    else request.end();
    const answer = await promise;
    const value: unknown = JSON.parse(await text(answer));
    return answer.statusCode === 200 ? ok(value as Verbs[V]['answer']) : { ok: false, failure: value as Failure };
  } catch (error) {
    return fail('daemon_gone', `The daemon went away before it had the project's files (${messageOf(error)}).`, 'Try again.');
  }
}
