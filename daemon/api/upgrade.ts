import type { Duplex } from 'node:stream';
import type { Failure } from '../../shared/result.ts';

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
