import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { stoppedForGood, type LogEvent } from '../../shared/api.ts';
import { isEnded } from '../../shared/states.ts';
import { messageOf } from '../../shared/result.ts';
import { latestAttempts } from '../control/run-status.ts';
import type { JobRecord, RunRecord } from '../store/records.ts';
import { may } from '../users/caller.ts';
import { findRun } from './find-run.ts';
import type { ApiParts } from './handler.ts';
import { findPlace, nextPlace, type LogPlace } from './log-place.ts';
import { sendAttempt, type LogClient } from './log-send.ts';
import { decoded, refuseUpgrade } from './upgrade.ts';
import { viewFor } from './view-for.ts';

/** Bytes that a reader may leave unread before it is told no more of its run. */
const mostUnread = 256 * 1024;

// readers have nothing to say
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1024 });

/** Tells all who follow a run that the daemon goes, and is not to be started again. */
export function dismissReaders(): void {
  for (const client of sockets.clients) client.close(stoppedForGood);
}

/** Answers an upgrade to `/v1/runs/:name/logs`: LogEvents as text, the record as binary frames (shared/api.ts). */
export function serveLogs(api: ApiParts, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  // a client may be gone before it is answered
  socket.on('error', () => socket.destroy());
  answer(api, request, socket, head).catch((error: unknown) => {
    api.logger.error({ path: request.url?.split('?', 1)[0], error: messageOf(error) }, 'streaming failed');
    socket.destroy();
  });
}

async function answer(api: ApiParts, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://daemon');
  const query = url.searchParams;
  const name = decoded(/^\/v1\/runs\/([^/]+)\/logs$/.exec(url.pathname)?.[1]);
  const run = name === null ? null : findRun(api, name, 'read');
  const found = run?.ok ? await findPlace(api, run.value, query.get('job'), query.get('attempt'), query.get('follow') === '1') : run;
  if (!run?.ok || !found?.ok) {
    const failure = found && !found.ok ? found.failure : null;
    return refuseUpgrade(
      socket,
      failure ?? { code: 'no_such_route', message: 'The daemon streams only /v1/runs/RUN/logs', hint: 'Use the dstack of its version.' },
    );
  }
  const { value: place } = found;
  sockets.handleUpgrade(request, socket, head, (client) => {
    const leave = new AbortController();
    client.on('close', () => leave.abort());
    client.on('error', () => client.terminate());
    const tell = (event: LogEvent): void => client.send(JSON.stringify(event));
    stream(api, run.value, place, { client, socket, tell, gone: leave.signal }, query).catch((error: unknown) => {
      api.logger.error({ run: run.value.name, error: messageOf(error) }, 'streaming failed');
      client.close(1011);
    });
  });
}

async function stream(api: ApiParts, run: RunRecord, first: LogPlace, reader: LogClient, query: URLSearchParams): Promise<void> {
  const { client, tell, gone } = reader;
  const { logs } = api.parts;
  const follow = query.get('follow') === '1';
  const left = new Promise<void>((resolve) => gone.addEventListener('abort', () => resolve(), { once: true }));
  const current = (): RunRecord => api.store.runs.byId(run.id) ?? run;
  const view = () => viewFor(api, current());
  let changed = Promise.withResolvers<void>();
  let last = '';
  let owed = false;
  const tellRun = (): void => {
    // somebody who does not read: it is told when there is room
    owed = client.bufferedAmount > mostUnread;
    if (owed) return;
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
  reader.socket.on('drain', () => void (owed && tellRun()));
  try {
    tellRun();
    let place = first;
    let offset = await begin(api, place, query);
    // where the first one begins is said as ever: with its first output
    let announce = false;
    for (;;) {
      const { runId, job, attempt } = place.id;
      const record = api.store.jobs.get(runId, job, attempt) ?? latest(api, run, job);
      const growing = record.progress.log === null && !isEnded(record.state.status) && record.state.status !== 'interrupted';
      offset = await sendAttempt(logs, reader, place, offset, { follow: follow && growing, announce });
      if (client.readyState !== client.OPEN) return;
      if (!follow) break;
      const wake = changed.promise;
      const newest = latest(api, run, job);
      const next = await nextPlace(api, run, place);
      announce = next?.id.part !== undefined;
      if (next) {
        place = next;
        offset = 0;
        continue;
      }
      if (isEnded(newest.state.status)) break;
      // the record is closed a moment before the run's end is written
      await Promise.race([wake, left]);
      if (client.readyState !== client.OPEN) return;
    }
    tell({ type: 'end', run: view() });
    client.close(1000);
  } finally {
    unsubscribe();
  }
}

/** The byte of the first attempt to begin with. From beyond its end is well: what a reader has of an earlier version of it. */
async function begin({ parts: { logs } }: ApiParts, { id }: LogPlace, query: URLSearchParams): Promise<number> {
  const [since, tail, lines] = [query.get('since'), query.get('tail'), query.get('lines')];
  const ways: number[] = [];
  if (since !== null) ways.push(await logs.offsetAt(id, Date.parse(since)));
  if (lines !== null) ways.push(await logs.lastLines(id, Number(lines) || 0));
  if (tail !== null) ways.push((await logs.size(id)) - (Number(tail) || 0));
  return Math.max(0, ...(ways.length > 0 ? ways : [Number(query.get('from')) || 0]));
}

function latest(api: ApiParts, run: RunRecord, node: number): JobRecord {
  const job = latestAttempts(api.store.jobs.ofRun(run.id)).find((one) => one.job === node);
  if (!job) throw new Error(`the run ${run.name} has no job`);
  return job;
}
