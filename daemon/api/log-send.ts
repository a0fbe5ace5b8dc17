import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { LogEvent } from '../../shared/api.ts';
import type { Logs } from '../logs/logs.ts';
import type { LogPlace } from './log-place.ts';

/** Bytes that may wait in a socket before the next chunk is read from disk. */
const highWater = 256 * 1024;
/** How long a reader may take for them before it is dropped by name (ms). */
const patience = 30_000;

/** Somebody who reads a log. */
export interface LogClient {
  client: WebSocket;
  /** what `client` writes to */
  socket: Duplex;
  tell(event: LogEvent): void;
  /** they went away */
  gone: AbortSignal;
}

/**
 * Sends an attempt's output from `offset` on. `announce`: says at once where it begins, though there be no output yet; else with the first of it. Resolves at its end,
 * or when the reader is gone or too slow, with the offset behind what was sent.
 */
export function sendAttempt(
  logs: Logs,
  { client, socket, tell, gone }: LogClient,
  { id, attempt }: LogPlace,
  offset: number,
  how: { follow: boolean; announce: boolean },
): Promise<number> {
  return new Promise((resolve) => {
    let at = offset;
    let said = false;
    const announce = (): void => {
      if (!said) tell({ type: 'offset', offset: at, attempt });
      said = true;
    };
    if (how.announce) announce();
    const end = logs.read(id, offset, how.follow, {
      onData: async (chunk) => {
        announce();
        client.send(chunk);
        at += chunk.length;
        if (client.bufferedAmount > highWater && !(await drained(socket, gone))) {
          tell({ type: 'slow', offset: at - client.bufferedAmount });
          client.terminate();
        }
      },
      onEnd: () => {
        gone.removeEventListener('abort', leave);
        resolve(at);
      },
    });
    const leave = (): void => {
      end();
      resolve(at);
    };
    if (gone.aborted) leave();
    else gone.addEventListener('abort', leave, { once: true });
  });
}

/** False: the reader did not take what is waiting for it in time. */
function drained(socket: Duplex, gone: AbortSignal): Promise<boolean> {
  if (!socket.writableNeedDrain || gone.aborted) return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (taken: boolean): void => {
      clearTimeout(late);
      socket.off('drain', inTime);
      gone.removeEventListener('abort', inTime);
      resolve(taken);
    };
    const inTime = (): void => settle(true);
    const late = setTimeout(() => settle(false), patience);
    socket.once('drain', inTime);
    gone.addEventListener('abort', inTime, { once: true });
  });
}
