import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Failure } from '../../shared/result.ts';

export const execRoute = /^\/v1\/runs\/([^/]+)\/exec$/;

export const pathOf = (request: IncomingMessage): string => new URL(request.url ?? '/', 'http://daemon').pathname;

/** Whether this asks for a command in a run's container (exec.ts), not for a log. */
export const isExec = (request: IncomingMessage): boolean => execRoute.test(pathOf(request));

/** A part of a URL as text; null: there is none, or it is not encoded rightly. */
export function decoded(part: string | undefined): string | null {
  try {
    return part === undefined ? null : decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** Answers a request for a WebSocket that gets none. */
export function refuseUpgrade(socket: Duplex, failure: Failure): void {
  const body = JSON.stringify(failure);
  socket.end(
    `HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
