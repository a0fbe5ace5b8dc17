/**
 * One short question to the daemon and its whole answer, over a socket: Node's own HTTP client takes 8 ms of every command to load and to set up. HTTP/1.1 (RFC 9112)
 * as far as our own daemon speaks it: it closes the connection when asked to, and says how long its answers are.
 */
import type { Request } from './http.ts';

export interface Answer {
  statusCode: number;
  /** names in lower case */
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** The answer was cut off, or is none of HTTP: whether the daemon did what it was asked is not known. */
class BrokenOff extends Error {
  readonly code = 'ECONNRESET';
}

/** Rejects with Node's error (`code` ENOENT or ECONNREFUSED: no daemon there), or with `code` ECONNRESET where the answer is not whole. */
export function exchange(socketPath: string, { method, path, headers, body = '' }: Request): Promise<Answer> {
  const net = process.getBuiltinModule('node:net');
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = net.connect(socketPath);
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.on('error', reject);
    socket.on('close', () => {
      const answer = readAnswer(Buffer.concat(parts));
      if (answer) resolve(answer);
      else reject(new BrokenOff('its answer broke off'));
    });
    const sent = {
      host: 'dstack',
      connection: 'close',
      ...headers,
      ...(body !== '' && { 'content-length': String(Buffer.byteLength(body)) }),
    };
    const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
  });
}

/** null: it is not whole. */
function readAnswer(bytes: Buffer): Answer | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const statusCode = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(':', 1)[0]?.toLowerCase() ?? '', line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = bytes.subarray(end + 4);
  const whole =
    headers['content-length'] === undefined
      ? headers['transfer-encoding'] === undefined
      : Number(headers['content-length']) === body.length;
  return Number.isNaN(statusCode) || !whole ? null : { statusCode, headers, body: body.toString('utf8') };
}
