import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { LogEvent } from '../../shared/api.ts';
import { isEnded } from '../../shared/states.ts';
import { fail, messageOf, ok, type Result } from '../../shared/result.ts';
import { latestAttempts } from '../control/run-status.ts';
import type { JobRecord, RunRecord } from '../store/records.ts';
import { may } from '../users/caller.ts';
import { findRun } from './find-run.ts';
import type { ApiParts } from './handler.ts';
import { decoded, refuseUpgrade } from './upgrade.ts';
import { noSuchNode } from './no-such-node.ts';
import { viewFor } from './view-for.ts';

/** Bytes that may wait in a socket before the next chunk is read from disk. */
const highWater = 256 * 1024;
/** How long a reader may take for a chunk before it is dropped by name (ms). */
const patience = 30_000;

// readers have nothing to say
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1024 });

/** Answers an upgrade to `/v1/runs/:name/logs`: LogEvents as text, the record as binary frames (shared/api.ts). */
export function serveLogs(api: ApiParts, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  // a client may be gone before it is answered
  socket.on('error', () => socket.destroy());
  const url = new URL(request.url ?? '/', 'http://daemon');
  const name = decoded(/^\/v1\/runs\/([^/]+)\/logs$/.exec(url.pathname)?.[1]);
  const run = name === null ? null : findRun(api, name, 'read');
  const found = run?.ok ? withAttempt(api, run.value, url.searchParams.get('job'), url.searchParams.get('attempt')) : run;
  if (!found?.ok) {
    return refuseUpgrade(socket, found?.failure ?? { code: 'no_such_route', message: 'The daemon streams only /v1/runs/RUN/logs' });
  }
  const { value: wanted } = found;
  sockets.handleUpgrade(request, socket, head, (client) => {
    stream(api, wanted, client, url.searchParams).catch((error: unknown) => {
      api.logger.error({ run: wanted.run.name, error: messageOf(error) }, 'streaming failed');
      client.close(1011);
    });
  });
}

interface Wanted {
  run: RunRecord;
  /** which of its nodes; 0 where it has one job */
  job: number;
  /** whose record to begin with */
  attempt: number;
}

/**
 * The attempt that is asked for, else the newest that has a log: one that waits for its turn has none. Fails with `no_such_node` and `no_such_attempt`.
 */
function withAttempt({ store }: ApiParts, run: RunRecord, node: string | null, asked: string | null): Result<Wanted> {
  const job = Number(node ?? 0);
  const all = store.jobs.ofRun(run.id).filter((one) => one.job === job);
  if (all.length === 0) return noSuchNode(run, node ?? '');
  const last = Math.max(1, ...all.map(({ attempt }) => attempt));
  if (asked === null) return ok({ run, job, attempt: all.findLast(({ progress }) => progress.startIntent !== null)?.attempt ?? last });
  const found = all.find(({ attempt }) => String(attempt) === asked);
  if (found) return ok({ run, job, attempt: found.attempt });
  return fail('no_such_attempt', `The run '${run.name}' has no attempt ${asked}`, last === 1 ? 'It has had one' : `It has had ${last}`);
}

async function stream(api: ApiParts, { run, job: node, attempt: first }: Wanted, client: WebSocket, query: URLSearchParams): Promise<void> {
  const follow = query.get('follow') === '1';
  const gone = Promise.withResolvers<void>();
  client.on('close', () => gone.resolve());
  client.on('error', () => client.terminate());
  const tell = (event: LogEvent): void => client.send(JSON.stringify(event));
  const current = (): RunRecord => api.store.runs.byId(run.id) ?? run;
  const view = () => viewFor(api, current());
  let changed = Promise.withResolvers<void>();
  let last = '';
  const tellRun = (): void => {
    const now = view();
    const text = JSON.stringify(now);
    if (text !== last) tell({ type: 'run', run: now });
    last = text;
  };
  const unsubscribe = api.control.changes.subscribe(run.id, () => {
    // it was shared, and is no more
    if (!may(api.caller, 'read', current())) return client.close(1008);
    if (follow) tellRun();
    changed.resolve();
    changed = Promise.withResolvers();
  });
  try {
    tellRun();
    let attempt = first;
    const since = query.get('since');
    const tail = query.get('tail');
    const key = { runId: run.id, job: node, attempt };
    const begin = tail === null ? Number(query.get('from')) || 0 : (await api.parts.logs.size(key)) - (Number(tail) || 0);
    const asked = since === null ? begin : await api.parts.logs.offsetAt(key, Date.parse(since));
    // from beyond its end: what a reader has of an earlier attempt
    let offset = Math.max(0, asked);
    for (;;) {
      const job = api.store.jobs.get(run.id, node, attempt) ?? latest(api, run, node);
      const growing = job.progress.log === null && !isEnded(job.state.status) && job.state.status !== 'interrupted';
      offset = await send(api, client, { ...key, attempt }, offset, follow && growing, tell, gone.promise);
      if (client.readyState !== client.OPEN) return;
      if (!follow) break;
      const wake = changed.promise;
      const newest = latest(api, run, node);
      if (newest.attempt > attempt) {
        attempt++;
        offset = 0;
        continue;
      }
      if (isEnded(newest.state.status)) break;
      // the record is closed a moment before the run's end is written
      await Promise.race([wake, gone.promise]);
      if (client.readyState !== client.OPEN) return;
    }
    tell({ type: 'end', run: view() });
    client.close(1000);
  } finally {
    unsubscribe();
  }
}

function latest(api: ApiParts, run: RunRecord, node: number): JobRecord {
  const job = latestAttempts(api.store.jobs.ofRun(run.id)).find((one) => one.job === node);
  if (!job) throw new Error(`the run ${run.name} has no job`);
  return job;
}

/** One attempt's record from `offset`; resolves at its end, or when the reader is gone or too slow, with the offset behind what was sent. */
function send(
  api: ApiParts,
  client: WebSocket,
  id: { runId: number; job: number; attempt: number },
  offset: number,
  follow: boolean,
  tell: (event: LogEvent) => void,
  gone: Promise<void>,
): Promise<number> {
  return new Promise((resolve) => {
    let at = offset;
    let first = true;
    const end = api.parts.logs.read(id, offset, follow, {
      onData: async (chunk) => {
        if (first) tell({ type: 'offset', offset: at, attempt: id.attempt });
        first = false;
        client.send(chunk);
        at += chunk.length;
        if (client.bufferedAmount > highWater && !(await drained(client))) {
          tell({ type: 'slow', offset: at - client.bufferedAmount });
          client.terminate();
        }
      },
      onEnd: () => resolve(at),
    });
    void gone.then(() => {
      end();
      resolve(at);
    });
  });
}

/** False: the reader did not take what is waiting for it in time. */
async function drained(client: WebSocket): Promise<boolean> {
  const deadline = Date.now() + patience;
  while (client.bufferedAmount > highWater / 2) {
    if (client.readyState !== client.OPEN) return true;
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}
