import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { addressOf } from './endpoint.ts';

// not `import 'node:http'`: naming its exports as a module loads Node's whole fetch, 15 MB of a daemon that has nothing to do
const http = process.getBuiltinModule('node:http');

export interface Ask {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string | number | boolean>;
  body?: object;
  registryAuth?: { username: string; password: string; serveraddress: string };
  /** over a connection of its own: an engine that is stopping still answers on those it has, and takes no new ones */
  fresh?: true;
}

/** What the engine refused: its status and its own sentence. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly statusCode: number;
  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/**
 * One request to the engine's HTTP API, by Node's own client: a library for it weighs 28 MB of memory and 90 ms of a start. Resolves with the
 * answer as soon as it begins, or with the raw connection when `hijack` asks for it (status 101, or 200 of an engine that skips the upgrade).
 * Rejects with a Refusal, or with Node's error. Sockets are kept for reuse: over SSH each new one costs a round trip.
 */
export function dialer(endpoint: string): (ask: Ask, signal: AbortSignal, hijack: boolean) => Promise<IncomingMessage | Duplex> {
  const address = addressOf(endpoint);
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 8 });
  return (ask, signal, hijack) =>
    new Promise((resolve, reject) => {
      const query = new URLSearchParams(
        Object.entries(ask.query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
      ).toString();
      const body = ask.body && Buffer.from(JSON.stringify(ask.body));
      const headers: Record<string, string | number> = { host: 'docker' };
      if (body) headers['content-type'] = 'application/json';
      if (ask.method === 'POST') headers['content-length'] = body?.length ?? 0;
      if (ask.registryAuth) headers['x-registry-auth'] = credentials(ask.registryAuth);
      if (hijack)
        Object.assign(headers, { connection: 'Upgrade', upgrade: 'tcp', 'content-type': body ? 'application/json' : 'text/plain' });
      const path = query === '' ? ask.path : `${ask.path}?${query}`;
      const request: ClientRequest = http.request({
        ...address,
        agent: hijack || ask.fresh ? false : agent,
        method: ask.method,
        path,
        headers,
        signal,
      });
      request.on('error', reject);
      request.on('upgrade', (_, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      request.on('response', (answer) => {
        const status = answer.statusCode ?? 0;
        if (status < 300 || status === 304) return resolve(answer);
        text(answer).then((said) => reject(new Refusal(status, sentenceOf(said) || `status ${status}`)), reject);
      });
      request.end(body);
    });
}

/** The API's form of credentials: their JSON in the URL-safe base64 of RFC 4648, with its padding. */
const credentials = (auth: object): string =>
  Buffer.from(JSON.stringify(auth)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');

/** The engine answers refusals as `{"message": …}`. */
function sentenceOf(body: string): string {
  try {
    return (JSON.parse(body) as { message?: string }).message?.trim() ?? '';
  } catch {
    return body.trim();
  }
}
