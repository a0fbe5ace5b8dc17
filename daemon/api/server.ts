import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { routes, type Verb } from '../../shared/api.ts';
import { FailureError, messageOf, type Failure } from '../../shared/result.ts';
import { versionHeader } from '../../shared/version.ts';
import { diskFull, isDiskFull } from '../store/full-disk.ts';
import type { ApiParts, JsonHandler, StreamHandler } from './handler.ts';
import { handlers } from './handlers.ts';
import { serveLogs } from './logs.ts';
import { isExec } from './upgrade.ts';

// see daemon/engine/dial.ts: imported as a module it would load Node's fetch too
const http = process.getBuiltinModule('node:http');

/** Bodies are small: a request with more than this is a mistake (bytes). */
const maxBody = 8 * 1024 * 1024;
/** The same of all requests of one user that are being read. */
const maxBodies = 8 * maxBody;
/** Of one user of several: what they open is not to leave nothing for the others. */
const maxConnections = 500;

const table = (Object.entries(routes) as [Verb, { method: string; path: string }][]).map(([verb, { method, path }]) => ({
  verb,
  method,
  pattern: new RegExp(`^${path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`),
}));

/** HTTP for verbs, one WebSocket for logs and events; not listening yet. */
export function createApiServer(api: ApiParts): Server {
  const reading = { bytes: 0 };
  const server = http.createServer((request, response) => {
    response.setHeader(versionHeader, api.version);
    answer(api, reading, request, response).catch((error: unknown) => {
      const full = isDiskFull(error);
      const expected = error instanceof FailureError || full;
      if (!expected)
        api.logger.error({ path: request.url?.split('?', 1)[0], error: messageOf(error), stack: (error as Error).stack }, 'request failed');
      if (response.headersSent) return void response.destroy();
      refuse(
        response,
        expected ? 400 : 500,
        full
          ? diskFull(api.home)
          : error instanceof FailureError
            ? error.failure
            : { code: 'internal', message: `The daemon failed: ${messageOf(error)}`, hint: 'See: dstack daemon logs' },
      );
    });
  });
  if (api.caller.shared && !api.caller.admin) server.maxConnections = maxConnections;
  server.on('upgrade', (request, socket, head) => {
    if (!isExec(request)) return serveLogs(api, request, socket, head);
    // a client may be gone before it is answered
    socket.on('error', () => socket.destroy());
    // loaded when somebody wants into a run
    void import('./exec.ts').then(({ serveExec }) => serveExec(api, request, socket, head));
  });
  return server;
}

async function answer(api: ApiParts, reading: Reading, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://daemon');
  const found = table
    .filter((route) => route.method === request.method)
    .map((route) => ({ verb: route.verb, match: route.pattern.exec(url.pathname) }))
    // a literal path wins over one with a name in it
    .filter((route) => route.match !== null)
    .toSorted((a, b) => Object.keys(a.match?.groups ?? {}).length - Object.keys(b.match?.groups ?? {}).length)[0];
  if (!found?.match)
    return refuse(response, 404, {
      code: 'no_such_route',
      message: `The daemon knows no ${request.method} ${url.pathname}`,
      hint: 'Use the dstack of its version.',
    });
  const inPath = Object.fromEntries(Object.entries(found.match.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)]));
  // the table says which handler takes which parameters; the types of a union of them cannot
  const handler = handlers[found.verb] as JsonHandler<'ps'> | StreamHandler<'ps'>;
  const inBody = request.method === 'POST' && !('ownBody' in handler);
  const body = inBody ? await readBody(request, reading) : Object.fromEntries(url.searchParams);
  if (body === null)
    return refuse(response, 400, {
      code: 'bad_request',
      message: 'The body of the request is not JSON',
      hint: 'Use the dstack of its version.',
    });
  const params = handler.params.safeParse({ ...body, ...inPath });
  if (!params.success) {
    const what = params.error.issues.map((issue) => `${issue.path.join('.') || 'the request'}: ${issue.message}`).join('; ');
    return refuse(response, 400, {
      code: 'bad_request',
      message: `The daemon does not accept this: ${what}`,
      hint: '`dstack COMMAND --help` says what it takes.',
    });
  }
  if ('stream' in handler) {
    const streamed = await handler.stream(api, params.data, request, response);
    if (!streamed.ok) refuse(response, 400, streamed.failure);
    return;
  }
  const result = await handler.answer(api, params.data);
  if (!result.ok) return refuse(response, 400, result.failure);
  send(response, 200, result.value);
}

const refuse = (response: ServerResponse, status: number, failure: Failure): void => send(response, status, failure);

function send(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** Bytes of bodies that are not all here yet. */
interface Reading {
  bytes: number;
}

/** The JSON of a body; null: it is none, or there is too much of it, or of all that are being read. */
async function readBody(request: IncomingMessage, reading: Reading): Promise<object | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      reading.bytes += chunk.length;
      if (size > maxBody || reading.bytes > maxBodies) return null;
      chunks.push(chunk);
    }
  } finally {
    reading.bytes -= size;
  }
  if (size === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
