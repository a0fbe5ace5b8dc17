import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { ownVersion } from '../../shared/version.ts';
import type { Message } from './message.ts';
import { again, refused, type Told } from './outcome.ts';
import { proxyFor } from './proxy.ts';

/**
 * Sends the message with POST, as JSON, by the proxy of `env` if there is one. A status of 2xx is a success; 408, 425, 429 and 5xx, and all that breaks on the
 * way, may be better another time; the rest, redirects too, will not. `ca`: PEM of all that is trusted, null: as Node does. `limit`: ms for all of it.
 */
export async function tellWebhook(
  address: string,
  message: Message,
  ca: string | null,
  limit: number,
  signal: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Told> {
  const url = new URL(address);
  const { hostname } = url;
  const over = AbortSignal.any([signal, AbortSignal.timeout(limit)]);
  try {
    const { statusCode: status = 0, headers } = await post(url, JSON.stringify(message), proxyFor(url, env), ca, over);
    if (status >= 200 && status < 300) return { how: 'told' };
    const why = `${hostname} answered with status ${status}`;
    return [408, 425, 429].includes(status) || status >= 500 ? again(why, retryAfter(headers['retry-after'])) : refused(why);
  } catch (error) {
    if (over.aborted)
      return again(signal.aborted ? 'it was cut off by the end of the daemon' : `${hostname} did not answer within ${limit / 1000} s`);
    return again(`${hostname} could not be reached: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  }
}

/** `Retry-After` in seconds (RFC 9110, 10.2.3), as ms, ten minutes at most; a date is not looked at. */
const retryAfter = (text: string | undefined): number => Math.min(600_000, (Number(text) || 0) * 1000);

async function post(url: URL, body: string, proxy: URL | null, ca: string | null, signal: AbortSignal): Promise<IncomingMessage> {
  const headers = {
    host: url.host,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'user-agent': `dstack/${ownVersion()}`,
    ...(url.username !== '' && { authorization: basic(url) }),
  };
  const trusted = ca === null ? {} : { ca };
  const path = `${url.pathname}${url.search}`;
  if (proxy === null) {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return answerOf(send({ ...target(url), path, method: 'POST', headers, signal, ...trusted }), body);
  }
  const login = proxy.username === '' ? {} : { 'proxy-authorization': basic(proxy) };
  const toProxy = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
  if (url.protocol === 'http:') {
    const whole = `${url.origin}${path}`;
    return answerOf(
      toProxy({ ...target(proxy), path: whole, method: 'POST', headers: { ...headers, ...login }, signal, ...trusted }),
      body,
    );
  }
  // https goes through a tunnel (RFC 9110, 9.3.6)
  const { hostname, port } = target(url);
  const place = `${url.hostname}:${port}`;
  const socket = await tunnel(
    toProxy({ ...target(proxy), path: place, method: 'CONNECT', headers: { host: place, ...login }, signal, ...trusted }),
  );
  const secure = tlsConnect({ socket, servername: hostname, ...trusted });
  return answerOf(httpRequest({ createConnection: () => secure, path, method: 'POST', headers, signal }), body);
}

const target = (url: URL): { hostname: string; port: number } => ({
  hostname: url.hostname.replace(/^\[|\]$/g, ''),
  port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
});

const basic = ({ username, password }: URL): string =>
  `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;

function answerOf(sent: ClientRequest, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (answer) => {
      // what it says is of no interest
      answer.resume().on('error', () => {});
      resolve(answer);
    });
    sent.end(body);
  });
}

function tunnel(sent: ClientRequest): Promise<Socket> {
  return new Promise((resolve, reject) => {
    sent.on('error', reject);
    sent.on('connect', (answer, socket) => {
      if (answer.statusCode === 200) return resolve(socket as Socket);
      socket.destroy();
      reject(new Error(`the proxy answered with status ${answer.statusCode}`));
    });
    sent.on('response', (answer) => {
      answer.destroy();
      reject(new Error(`the proxy answered with status ${answer.statusCode}`));
    });
    sent.end();
  });
}
