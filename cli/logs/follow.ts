/**
 * A run's log as it grows, over one WebSocket. A connection that breaks (the daemon was restarted, or we read too slowly) is made again and goes on
 * at the byte where it broke, so that the reader sees each byte once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { stoppedForGood, type LogEvent, type Run } from '../../shared/api.ts';
import { isEnded } from '../../shared/states.ts';
import { fail, ok, unreachable, type Failure, type Result } from '../../shared/result.ts';
import type { Client } from '../talk/client.ts';
import { openFrames } from '../talk/frames.ts';
import { refusal } from '../talk/refusal.ts';

export interface LogRequest {
  name: string;
  follow: boolean;
  /** ISO 8601: not what was printed before */
  since?: string;
  /** begin with this one; else the newest that has a log */
  attempt?: number;
  /** of this one of its nodes; else the first */
  node?: number;
  /** only so many bytes at its end */
  tail?: number;
  /** only so many lines at its end */
  lines?: number;
}

export interface LogReader {
  onRun(run: Run): void;
  /** the daemon has gone, and is connected to again; once each time */
  onGone?(): void;
  /** where what comes next stands: the byte in its attempt's record; again after each break */
  onOffset?(offset: number, attempt: number): void | Promise<void>;
  /** the next chunk comes when this has resolved */
  onData(chunk: Buffer): Promise<void>;
}

type Ending =
  | { how: 'end'; run: Run }
  | { how: 'broken'; gone: boolean }
  | { how: 'dismissed' }
  | { how: 'refused'; failure: Failure }
  | { how: 'left' };

/** Said where the daemon went away. */
export const goneSentence = 'The daemon went away; connecting to it again…';

/** Less than a daemon waits for a reader that does not read (ms). */
const mostPatience = 25_000;

/** More breaks than this with nothing received between them: it will not get better. */
const mostBreaks = 20;

/** Reads until the end (`follow`: until the run ended). Answers the run as it was then; null when `signal` ended it. */
export async function follow(client: Client, wanted: LogRequest, reader: LogReader, signal: AbortSignal): Promise<Result<Run | null>> {
  const place: Place = { position: null, attempt: null, heard: false, run: null };
  for (let breaks = 0; breaks < mostBreaks; breaks++) {
    place.heard = false;
    const ending = await readOnce(client, wanted, reader, signal, place);
    switch (ending.how) {
      case 'end':
        return ok(ending.run);
      case 'left':
        return ok(null);
      case 'refused':
        return { ok: false, failure: ending.failure };
      case 'dismissed':
        return fail('daemon_stopped', `The daemon was stopped; ${wanted.name} ${withoutDaemon(place.run)}.`, howOn(client, wanted));
      case 'broken':
        if (place.heard && ending.gone) reader.onGone?.();
        break;
      default:
        return unreachable(ending);
    }
    if (place.heard) breaks = 0;
    await delay(Math.min(1000, 20 * 2 ** breaks));
    const started = await client.start(true);
    if (!started.ok) return started;
  }
  return fail('log_broken', `The log of ${wanted.name} breaks off again and again.`, '`dstack daemon logs` may say why.');
}

interface Place {
  /** the byte to go on from; null: the daemon has not said where it began */
  position: number | null;
  /** whose record that byte is in */
  attempt: number | null;
  heard: boolean;
  /** as it was told last */
  run: Run | null;
}

/** What becomes of a run while there is no daemon. */
const withoutDaemon = (run: Run | null): string => {
  if (run !== null && isEnded(run.status)) return 'has ended';
  return run?.status === 'running' ? 'goes on' : 'waits for the next one';
};

const howOn = (client: Client, { name }: LogRequest): string =>
  client.shared
    ? 'Its administrator starts it again: systemctl start dstackd'
    : `\`dstack attach ${name}\` starts it again, and shows the run.`;

async function readOnce(client: Client, wanted: LogRequest, reader: LogReader, signal: AbortSignal, place: Place): Promise<Ending> {
  if (signal.aborted) return { how: 'left' };
  return new Promise((resolve) => {
    // answered in order and one at a time; what waits here is bounded by pausing the socket
    let work = Promise.resolve();
    let waiting = 0;
    let settled = false;
    const settle = (ending: Ending): void => {
      settled = true;
      signal.removeEventListener('abort', leave);
      socket.destroy();
      resolve(ending);
    };
    const leave = (): void => settle({ how: 'left' });
    signal.addEventListener('abort', leave);

    const take = async (data: Buffer, isBinary: boolean): Promise<void> => {
      if (settled) return;
      place.heard = true;
      if (isBinary) {
        await reader.onData(data);
        if (place.position !== null) place.position += data.length;
        return;
      }
      const event = JSON.parse(data.toString('utf8')) as LogEvent;
      switch (event.type) {
        case 'run':
          place.run = event.run;
          return reader.onRun(event.run);
        case 'offset':
          place.position = event.offset;
          place.attempt = event.attempt;
          return reader.onOffset?.(event.offset, event.attempt);
        case 'slow':
          // frames come in order: what was sent before this one is here, whatever the daemon thinks was lost
          place.position ??= event.offset;
          return settle({ how: 'broken', gone: false });
        case 'end':
          return settle({ how: 'end', run: event.run });
        default:
          return unreachable(event);
      }
    };
    // what comes after so long had waited for us: the daemon has not gone, it drops a reader that stands still
    let heardAt = performance.now();
    let lateAt = Number.NEGATIVE_INFINITY;
    const socket = openFrames(client.socket, address(wanted, place), client.headers, {
      onMessage: (data, isBinary) => {
        const now = performance.now();
        if (now - heardAt > mostPatience) lateAt = now;
        heardAt = now;
        if (++waiting > 16) socket.pause();
        work = work
          .then(() => take(data, isBinary))
          .then(() => {
            if (--waiting === 0 && socket.isPaused()) socket.resume();
          });
        work.catch((error: unknown) => {
          // a bug of ours or a broken stdout: not to be swallowed by the promise chain
          process.nextTick(() => {
            throw error;
          });
        });
      },
      onRefused: (status, body) => settle({ how: 'refused', failure: refusal(body, status, 'give the log') }),
      onClose: (code) => {
        if (code === stoppedForGood) return void work.then(() => settled || settle({ how: 'dismissed' }));
        const gone = performance.now() - lateAt > 5_000;
        void work.then(() => settled || settle({ how: 'broken', gone }));
      },
    });
  });
}

function address({ name, follow: live, since, attempt: first, node, tail, lines }: LogRequest, place: Place): string {
  const { position } = place;
  const attempt = place.attempt ?? first ?? null;
  const query = new URLSearchParams();
  if (live) query.set('follow', '1');
  if (position !== null) query.set('from', String(position));
  if (attempt !== null) query.set('attempt', String(attempt));
  if (position === null && since !== undefined) query.set('since', since);
  if (position === null && tail !== undefined) query.set('tail', String(tail));
  if (position === null && lines !== undefined) query.set('lines', String(lines));
  if (node !== undefined) query.set('job', String(node));
  return `/v1/runs/${encodeURIComponent(name)}/logs?${query}`;
}
