/** One request to the daemon. Answers with its bytes still unread, or the error that says why nobody answered. */
import type { ClientRequest, IncomingMessage } from 'node:http';

export interface Request {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** A name that only TLS has a use for. Node's agent works one out where there is none, with a regular expression that takes 3 ms to compile. */
const unnamed = { servername: '' };

/** Rejects with Node's error (`code` ENOENT or ECONNREFUSED: no daemon there). */
export function request(socketPath: string, { method, path, headers, body }: Request): Promise<IncomingMessage> {
  // not `import 'node:http'`: naming its exports as a module loads all of undici, 20 ms of each command
  const http = process.getBuiltinModule('node:http');
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = http.request({ socketPath, method, path, headers: { host: 'dstack', ...headers }, ...unnamed }, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

/** All of an answer, as text. Rejects when it breaks off. */
export async function text(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** The error's code, such as ECONNREFUSED. */
export const codeOf = (error: unknown): string | undefined => (error as { code?: string } | null)?.code;

/** Nobody listens: there is no daemon, so the request was not carried out. */
export const isAbsent = (error: unknown): boolean => ['ENOENT', 'ECONNREFUSED'].includes(codeOf(error) ?? '');
