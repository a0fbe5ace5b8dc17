import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ExecEvent, ExecStart } from '../../shared/api.ts';
import { messageOf, type Failure } from '../../shared/result.ts';
import { EngineError, type Engine } from '../engine/engine.ts';
import type { Session } from '../sessions/session.ts';
import type { RunRecord } from '../store/records.ts';
import { owns } from '../users/caller.ts';
import { noteDown } from './audit.ts';
import { parseRequest } from './exec-frames.ts';
import { carryInput, sendPiece } from './exec-talk.ts';
import { execTarget, whyNot } from './exec-target.ts';
import { findRun } from './find-run.ts';
import type { ApiParts } from './handler.ts';
import { decoded, execRoute, pathOf, refuseUpgrade } from './upgrade.ts';

/** The longest command line that Linux takes is 2 MiB; as JSON it may be somewhat longer. */
const maxPayload = 4 * 1024 * 1024;

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload });

/** Answers an upgrade to `/v1/runs/:name/exec` (shared/api.ts). What is run, and what is said, is in no log of ours. */
export function serveExec(api: ApiParts, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const name = decoded(execRoute.exec(pathOf(request))?.[1]);
  const found = name === null ? null : findRun(api, name, 'enter');
  if (!found?.ok)
    return refuseUpgrade(
      socket,
      found?.failure ?? { code: 'no_such_run', message: 'This is not the name of a run', hint: 'See the runs with: dstack ps -a' },
    );
  sockets.handleUpgrade(request, socket, head, (client) => {
    attend(api, found.value, client).catch((error: unknown) => {
      api.logger.error({ run: found.value.name, error: messageOf(error) }, 'a session failed');
      client.close(1011);
    });
  });
}

async function attend(api: ApiParts, run: RunRecord, client: WebSocket): Promise<void> {
  const asked = Promise.withResolvers<ExecStart | null>();
  let input: ReturnType<typeof carryInput> | null = null;
  const tell = (event: ExecEvent): void => client.send(JSON.stringify(event), () => {});
  const misused = (): void => client.close(1008);
  client.on('error', () => client.terminate());
  const gone = new AbortController();
  client.on('close', () => {
    asked.resolve(null);
    gone.abort();
  });
  client.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) return input?.bytes(data) ? undefined : misused();
    const request = parseRequest(data);
    if (request === null) return misused();
    if (request.type === 'start') asked.resolve(request);
    // before it has begun there is nobody to say it to
    else input?.say(request);
  });
  const start = await asked.promise;
  if (start === null) return;
  const end = (last: ExecEvent): void => {
    tell(last);
    client.close(1000);
  };
  const session = await open(api, run, start, gone.signal);
  if ('code' in session) return end({ type: 'failed', failure: session });
  const stopping = (): void => {
    end({
      type: 'failed',
      failure: {
        code: 'daemon_stops',
        message: 'The daemon stops, which ends what runs through it',
        hint: 'The run goes on: enter it again',
      },
    });
    void session.hangUp();
  };
  client.on('close', () => void session.hangUp());
  api.parts.signal.addEventListener('abort', stopping);
  if (api.parts.signal.aborted) stopping();
  if (client.readyState !== client.OPEN) void session.hangUp();
  try {
    input = carryInput(session, tell);
    tell({ type: 'started', run: run.name, host: session.host });
    // to its end, even if nobody listens any more: what it prints must not keep it from ending
    for await (const piece of session.output) await sendPiece(client, piece);
    const exitCode = await session.exitCode();
    end({ type: 'exit', exitCode, containerEnded: (exitCode === null || exitCode === killed) && (await session.containerEnds()) });
  } catch (error) {
    // it was hung up
    if (client.readyState !== client.OPEN) return;
    if (!(error instanceof EngineError)) throw error;
    end({ type: 'failed', failure: engineFailure(error) });
  } finally {
    api.parts.signal.removeEventListener('abort', stopping);
    await session.hangUp();
  }
}

/** The session, or why there is none. */
async function open(
  api: ApiParts,
  run: RunRecord,
  start: ExecStart,
  gone: AbortSignal,
): Promise<(Session & { host: string; containerEnds(): Promise<boolean> }) | Failure> {
  const target = execTarget(api, run, start);
  if (!target.ok) return target.failure;
  const { container, host, wish } = target.value;
  if (!owns(api.caller, run)) noteDown(api, 'exec', run, start.command === null ? 'a shell' : 'a command');
  try {
    const opened = await api.sessions.open(run.id, container, wish, gone);
    if (opened.ok) return { ...opened.value, host, containerEnds: () => ends(api.parts.engine, container) };
    return opened.failure.code === 'not_running' ? whyNot(api, run) : opened.failure;
  } catch (error) {
    if (error instanceof EngineError) return engineFailure(error);
    throw error;
  }
}

/** As what a container's processes end when it ends: 128 + SIGKILL. */
const killed = 137;

/** Whether a container has ended; the engine knows that a moment after its processes are gone. */
async function ends(engine: Pick<Engine, 'inspect'>, container: string): Promise<boolean> {
  for (let tries = 0; tries < 20; tries++) {
    if ((await engine.inspect(container))?.state.status !== 'running') return true;
    await delay(25);
  }
  return false;
}

const engineFailure = (error: EngineError): Failure => ({
  code: error.kind === 'unreachable' ? 'engine_unreachable' : 'engine',
  message: `The container engine does not do it: ${error.message}`,
  hint: 'See: dstack doctor',
});
