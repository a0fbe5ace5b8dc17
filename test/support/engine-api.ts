/** A few calls of the Docker Engine API for the tests' own needs, apart from the code under test. */
import { request } from 'node:http';
import type { Readable } from 'node:stream';

/** `unix:///path` or `tcp://host:port` as DOCKER_HOST has it → options of node:http. */
function endpoint(host: string): { socketPath: string } | { host: string; port: string } {
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) };
  const url = new URL(host.replace(/^tcp:/, 'http:'));
  return { host: url.hostname, port: url.port };
}

/** One request; the body of the answer as text. A status of 400 and above throws, except those in `expected`. */
export function engineRequest(
  host: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  { body, expected = [] }: { body?: Readable | object; expected?: number[] } = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const stream = body !== undefined && 'pipe' in body ? (body as Readable) : undefined;
    const headers = body === undefined ? {} : { 'Content-Type': stream ? 'application/x-tar' : 'application/json' };
    const sent = request({ ...endpoint(host), method, path, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const status = answer.statusCode ?? 0;
        const text = Buffer.concat(chunks).toString();
        if (status >= 400 && !expected.includes(status)) reject(new Error(`${method} ${path}: ${status} ${text.trim()}`));
        else resolve({ status, body: text });
      });
    });
    sent.on('error', reject);
    if (stream) stream.on('error', reject).pipe(sent);
    else sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The same, with the answer's JSON. */
export const engineJson = async <T>(host: string, path: string): Promise<T> =>
  JSON.parse((await engineRequest(host, 'GET', path)).body) as T;

/** A query of filters, as the API wants it. */
export const filters = (wanted: Record<string, string[]>): string => `filters=${encodeURIComponent(JSON.stringify(wanted))}`;
