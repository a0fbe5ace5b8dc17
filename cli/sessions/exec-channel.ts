/** The daemon's WebSocket for a command in a run's container (shared/api.ts): frames, and how much may be under way. */
import { connect } from 'node:net';
import { execWindow, type ExecEvent, type ExecRequest, type ExecStart } from '../../shared/api.ts';
import { unreachable, type Failure } from '../../shared/result.ts';
import type { Client } from '../talk/client.ts';
import { text } from '../talk/http.ts';
import { refusal } from '../talk/refusal.ts';

export type ExecEnding =
  | { how: 'exit'; exitCode: number | null; containerEnded: boolean }
  /** it was not begun, or could not go on */
  | { how: 'failed'; failure: Failure; begun: boolean }
  /** the daemon has gone */
  | { how: 'lost'; begun: boolean };

export interface ExecReader {
  onStarted(host: string): void;
  /** false: it is enough for now, until `resume` */
  onData(stderr: boolean, data: Buffer): boolean;
}

export interface ExecChannel {
  ending: Promise<ExecEnding>;
  say(request: Exclude<ExecRequest, ExecStart>): void;
  /** Resolves when more may be sent. After the ending nothing is sent any more. */
  send(data: Buffer): Promise<void>;
  /** goes on with the output */
  resume(): void;
  /** hangs up */
  close(): void;
}

/** A client sends no more at once than this (bytes). */
const most = 64 * 1024;

/** Begins a command; the channel is there at once, what becomes of it the reader is told. */
export async function openExec(client: Client, name: string, start: ExecStart, reader: ExecReader): Promise<ExecChannel> {
  const { WebSocket } = await import('ws');
  // the socket's path may hold a colon, which a ws+unix URL cannot
  const createConnection = (() => connect(client.socket)) as unknown as typeof connect;
  const socket = new WebSocket(`ws://dstack/v1/runs/${encodeURIComponent(name)}/exec`, {
    headers: client.headers,
    createConnection,
    perMessageDeflate: false,
  });
  const { promise: ending, resolve: settle } = Promise.withResolvers<ExecEnding>();
  let begun = false;
  let underWay = 0;
  let room: PromiseWithResolvers<void> | null = null;

  const take = (event: ExecEvent): void => {
    switch (event.type) {
      case 'started':
        begun = true;
        return reader.onStarted(event.host);
      case 'taken':
        underWay -= event.bytes;
        if (underWay <= execWindow - most) room?.resolve();
        return;
      case 'exit':
        return settle({ how: 'exit', exitCode: event.exitCode, containerEnded: event.containerEnded });
      case 'failed':
        return settle({ how: 'failed', failure: event.failure, begun });
      default:
        return unreachable(event);
    }
  };
  socket.on('open', () => socket.send(JSON.stringify(start)));
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (!isBinary) return take(JSON.parse(data.toString('utf8')) as ExecEvent);
    if (!reader.onData(data[0] === 2, data.subarray(1))) socket.pause();
  });
  socket.on('unexpected-response', (_request, response) => {
    void text(response).then(
      (body) => settle({ how: 'failed', failure: refusal(body, response.statusCode, 'run the command'), begun }),
      () => settle({ how: 'lost', begun }),
    );
  });
  socket.on('error', () => {}); // close follows
  socket.on('close', () => settle({ how: 'lost', begun }));
  void ending.then(() => {
    room?.resolve();
    socket.terminate();
  });
  return {
    ending,
    say: (request) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(request));
    },
    async send(data) {
      for (let at = 0; at < data.length && socket.readyState === socket.OPEN; at += most) {
        const part = data.subarray(at, at + most);
        underWay += part.length;
        socket.send(part);
        if (underWay > execWindow - most) await (room = Promise.withResolvers()).promise;
      }
    },
    resume: () => {
      if (socket.isPaused) socket.resume();
    },
    close: () => socket.terminate(),
  };
}
