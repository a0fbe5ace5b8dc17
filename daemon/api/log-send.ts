import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { LogEvent } from '../../shared/api.ts';
import type { Logs } from '../logs/logs.ts';
import type { LogPlace } from './log-place.ts';

/** How long a reader may take for a chunk before it is dropped by name (ms). */
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
  { client, tell, gone }: LogClient,
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
        if (await taken(client, chunk, gone)) return void (at += chunk.length);
        tell({ type: 'slow', offset: at });
        client.terminate();
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

/** Sends a chunk; resolves when the reader's kernel has it, or nobody reads any more. False: the reader did not take it in time. */
function taken(client: WebSocket, chunk: Buffer, gone: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (inTime: boolean): void => {
      clearTimeout(late);
      gone.removeEventListener('abort', left);
      resolve(inTime);
    };
    const left = (): void => settle(true);
    const late = setTimeout(() => settle(false), patience);
    gone.addEventListener('abort', left, { once: true });
    client.send(chunk, left);
  });
}
