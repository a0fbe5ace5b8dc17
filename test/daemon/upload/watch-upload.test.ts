/** The process that watches for a daemon that does not look into the project, against a server that keeps what it is asked. */
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import type { Failure } from '../../../shared/result.ts';
import { watchUpload } from '../../../daemon/upload/watch-upload.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { repository, write } from '../snapshots/lab.ts';

/** Says yes to everything, but for a snapshot that `refuse` has something against; `sending` is awaited before one is there. */
async function server(hooks: { refuse?(): Failure | null; sending?(): Promise<void>; rerun?: Failure } = {}) {
  const socket = join(scratchDir('s'), 'd.sock');
  const sent: string[] = [];
  const reruns: string[] = [];
  const answer = async (request: IncomingMessage): Promise<unknown> => {
    const url = new URL(request.url ?? '/', 'http://d');
    const body = await text(request);
    if (url.pathname === '/v1/runs/rerun') {
      const { snapshot, leaving } = JSON.parse(body) as { snapshot?: { tree: string }; leaving?: boolean };
      reruns.push(snapshot?.tree ?? (leaving ? 'leaving' : 'asked'));
      return hooks.rerun ?? { attempt: null };
    }
    if (request.method === 'GET') return { trees: [], warnBytes: 1e8, maxBytes: 1e9 };
    await hooks.sending?.();
    const failure = hooks.refuse?.();
    if (failure) return failure;
    sent.push(url.searchParams.get('tree') ?? '');
    return { tree: sent.at(-1) };
  };
  const http = createServer((request, response) => {
    void answer(request).then((value) => {
      response.writeHead((value as { code?: string }).code === undefined ? 200 : 400, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    });
  });
  await new Promise<void>((resolve) => http.listen(socket, resolve));
  return { socket, sent, reruns, close: () => http.close() };
}

async function watching(dir: string, hooks: Parameters<typeof server>[0], sayEvery: number) {
  const daemon = await server(hooks);
  const problems: (string | null)[] = [];
  const leave = new AbortController();
  // the watchers keep no process alive
  const alive = setInterval(() => undefined, 1000);
  const options = { socket: daemon.socket, project: 'p', dir, cache: scratchDir('c'), run: 'a-run-1' };
  const watch = await watchUpload(options, { signal: leave.signal, problem: (problem) => problems.push(problem), sayEvery });
  onTestFinished(async () => {
    leave.abort();
    await watch.ended;
    clearInterval(alive);
    daemon.close();
  });
  return { ...daemon, problems, ended: watch.ended };
}

test('what is said again and again is the last snapshot, never one before it', async () => {
  const dir = repository({ 'a.py': '1\n' });
  let slow = Promise.withResolvers<void>();
  slow.resolve();
  const { sent, reruns } = await watching(dir, { sending: () => slow.promise }, 5);
  await waitFor(() => reruns.length > 3, 'the first one to be said again');
  slow = Promise.withResolvers<void>();
  const before = reruns.length;
  write(dir, { 'a.py': '2\n' });
  // the word is due many times while the second one is on its way
  let due = 0;
  const counting = setInterval(() => due++, 5);
  await waitFor(() => due > 60, 'the word to be due');
  clearInterval(counting);
  slow.resolve();
  await waitFor(() => sent.length === 2 && reruns.length > before + 20, 'the second one to be said again');
  const [first, second] = sent;
  expect(reruns.slice(reruns.indexOf(second ?? '')).filter((tree) => tree === first)).toEqual([]);
});

test('files that cannot be sent are told of, and sent as soon as they can be', async () => {
  const dir = repository({ 'a.py': '1\n' });
  let full = true;
  const refuse = (): Failure | null => (full ? { code: 'disk_full', message: 'The disk of the daemon is nearly full' } : null);
  const { sent, reruns, problems } = await watching(dir, { refuse }, 20);
  await waitFor(() => problems.length > 0, 'the problem');
  expect(problems[0]).toBe('The disk of the daemon is nearly full');
  expect(reruns).toEqual([]);
  full = false;
  await waitFor(() => reruns.length > 0, 'it to be sent');
  expect(reruns[0]).toBe(sent[0]);
  expect(problems.at(-1)).toBe(null);
});

test('in another checkout than the one of the run nothing is watched', async () => {
  const dir = repository({ 'a.py': '1\n' });
  const { reruns, problems, ended } = await watching(
    dir,
    { rerun: { code: 'other_folder', message: 'it watches another folder' } },
    15_000,
  );
  await ended;
  expect(problems).toEqual(['it watches another folder']);
  expect(reruns).toHaveLength(1);
});
