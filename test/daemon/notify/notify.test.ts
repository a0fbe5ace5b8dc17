/** Who is told of the end of a run, when, and how often: with a real store, commands and web servers. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { messageOfRun } from '../../../daemon/notify/message.ts';
import { createNotify } from '../../../daemon/notify/notify.ts';
import { freshProgress, type JobRecord } from '../../../daemon/store/records.ts';
import { openStore, type Store } from '../../../daemon/store/store.ts';
import type { Run } from '../../../shared/api.ts';
import type { Notifier } from '../../../shared/config.ts';
import { unwrap } from '../../../shared/result.ts';
import { endedStatuses, type EndedStatus } from '../../../shared/states.ts';
import { isAlive, signal } from '../../support/processes.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { listener } from './support.ts';

const always = { on: [...endedStatuses], after: 0 };

/** A store and what tells of its runs; `end` ends one. */
function fixture(notify: Notifier[], path = join(scratchDir('notify'), 'x.db'), limits?: { command: number; webhook: number }) {
  const store = unwrap(openStore(path));
  const stopping = new AbortController();
  const said: string[] = [];
  const config = { notify };
  const note = (details: unknown): void => void said.push(JSON.stringify(details));
  const notifier = createNotify({
    ...{ store, config, signal: stopping.signal, now: Date.now, certificates: async () => null },
    logger: { debug: note, info: note, warn: note, error: note } as never,
    view: (runId) => shown(store, runId),
    ...(limits && { limits }),
  });
  notifier.wake();
  return {
    ...{ store, config, notifier, said, path },
    async end(name: string, status: EndedStatus, seconds = 60) {
      // as the daemon begins
      await new Promise((resolve) => setImmediate(resolve));
      const job = begin(store, name);
      const ended = { since: Date.now(), startedAt: 1000, finishedAt: 1000 + seconds * 1000, host: 'local', gpus: [], exitCode: 3 };
      job.state = status === 'failed' ? { status, reason: 'exit code 3', reasonCode: 'exit_code', ...ended } : { status, ...ended };
      store.jobs.update(job);
      notifier.wake();
    },
    untilForgotten: () => waitFor(() => store.notices.all().length === 0, 'everybody to be told'),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await notifier.finished();
      store.close();
    },
  };
}

function begin(store: Store, name: string): JobRecord {
  const spec = { jobs: [] } as never;
  const facts = { project: 'me/p', projectDir: '/p', workflow: 'train', provider: 'bash' as const, user: 'me', spec };
  const runId = store.runs.insert({ name, ...facts, requestId: null, tag: null, submittedAt: 1 });
  const state = { status: 'running' as const, since: 1, startedAt: 1, host: 'local', gpus: [] };
  const job = { runId, job: 0, attempt: 1, state, progress: freshProgress(), open: true };
  store.jobs.insert(job);
  return job;
}

function shown(store: Store, runId: number): Run | null {
  const run = store.runs.byId(runId);
  const state = store.jobs.ofRun(runId).at(-1)?.state;
  if (!run || !state) return null;
  const at = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  return {
    ...{ name: run.name, workflow: run.workflow, project: run.project, user: run.user, status: state.status, tags: ['best', 'new'] },
    reason: 'reason' in state ? state.reason : null,
    exitCode: 'exitCode' in state ? state.exitCode : null,
    startedAt: at('startedAt' in state ? state.startedAt : null),
    finishedAt: at('finishedAt' in state ? state.finishedAt : null),
    urls: [{ name: 'lab', url: 'http://127.0.0.1:1/?token=secret' }],
  } as unknown as Run;
}

const file = (): string => join(scratchDir('told'), 'file');

test('a command has the end of the run in its variables, and as JSON on its standard input', async () => {
  const [variables, json] = [file(), file()];
  await using f = fixture([{ how: 'command', command: `env | grep ^DSTACK_ | sort >${variables}; cat >${json}`, ...always }]);
  await f.end('red-fox-1', 'failed', 187);
  await f.untilForgotten();
  expect(readFileSync(variables, 'utf8').split('\n')).toEqual(
    expect.arrayContaining([
      ...['DSTACK_RUN=red-fox-1', 'DSTACK_STATUS=failed', 'DSTACK_EXIT_CODE=3', 'DSTACK_REASON=exit code 3', 'DSTACK_WORKFLOW=train'],
      ...['DSTACK_PROJECT=me/p', 'DSTACK_USER=me', 'DSTACK_TAGS=best new', 'DSTACK_SECONDS=187'],
      'DSTACK_TEXT=red-fox-1 (train) failed after 3m 7s: exit code 3',
    ]),
  );
  expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({
    event: 'run_ended',
    seconds: 187,
    run: { name: 'red-fox-1', exitCode: 3 },
  });
  expect(readFileSync(json, 'utf8')).not.toContain('token');
  expect(f.notifier.problems()).toEqual([]);
});

test('a command that takes too long ends with all that it started, though that hears no SIGTERM', async () => {
  const deaf = file();
  const command = `(trap '' TERM; echo $(exec sh -c 'echo $PPID') >${deaf}; while :; do sleep 1; done) & wait`;
  await using f = fixture([{ how: 'command', command, ...always }], undefined, { command: 300, webhook: 1000 });
  await f.end('red-fox-1', 'failed');
  await f.untilForgotten();
  const pid = Number(readFileSync(deaf, 'utf8'));
  onTestFinished(() => signal(pid, 'SIGKILL'));
  await waitFor(() => !isAlive(pid), 'it to end');
  expect(f.notifier.problems()[0]).toContain('took longer than');
});

test('a webhook gets JSON with a text for people', async () => {
  using web = await listener();
  await using f = fixture([{ how: 'webhook', url: `${web.url}/services/T0/secret?x=1`, ...always }]);
  await f.end('red-fox-1', 'done');
  await f.untilForgotten();
  expect(web.heard).toHaveLength(1);
  expect(web.heard[0]).toMatchObject({ path: '/services/T0/secret?x=1', headers: { 'content-type': 'application/json' } });
  expect(JSON.parse(web.heard[0]!.body)).toMatchObject({ event: 'run_ended', text: 'red-fox-1 (train) done after 1m: exit code 3' });
});

test('only of those that ended as named, and only of those that took so long', async () => {
  using first = await listener();
  using second = await listener();
  await using f = fixture([
    { how: 'webhook', url: first.url, on: ['failed'], after: 0 },
    { how: 'webhook', url: second.url, on: ['failed', 'done'], after: 60 },
  ]);
  await f.end('a-b-1', 'done', 59);
  await f.end('a-b-2', 'done', 60);
  await f.end('a-b-3', 'failed', 10);
  await f.end('a-b-4', 'stopped', 100);
  await f.untilForgotten();
  const names = (web: typeof first): string[] => web.heard.map(({ body }) => (JSON.parse(body) as { run: Run }).run.name);
  expect({ first: names(first), second: names(second) }).toEqual({ first: ['a-b-3'], second: ['a-b-2'] });
});

test('what is answered with an error of the server comes again, and once where it was taken', async () => {
  using web = await listener((nth) => (nth === 1 ? 503 : 204));
  using other = await listener();
  await using f = fixture([
    { how: 'webhook', url: `${web.url}/secret`, ...always },
    { how: 'webhook', url: other.url, ...always },
  ]);
  await f.end('a-b-1', 'done');
  await waitFor(() => f.notifier.problems()[0], 'the first try to fail');
  expect(f.notifier.problems()[0]).toBe('The end of a-b-1 was not told by webhook 1 of notify: 127.0.0.1 answered with status 503');
  await f.untilForgotten();
  expect([web.heard.length, other.heard.length]).toEqual([2, 1]);
  expect(f.notifier.problems()).toEqual([]);
  expect(f.said.join()).not.toContain('secret');
});

test('what is refused does not come again, and is said without its secrets', async () => {
  using web = await listener(() => ({ status: 302, headers: { location: 'http://127.0.0.1/elsewhere' } }));
  const command = 'echo "curl: cannot post to https://user:secret@hooks.example/secret" >&2; exit 7';
  await using f = fixture([
    { how: 'webhook', url: `${web.url}/secret`, ...always },
    { how: 'command', command, ...always },
  ]);
  await f.end('a-b-1', 'aborted');
  await f.untilForgotten();
  expect(web.heard).toHaveLength(1);
  expect(f.said.join()).toContain('127.0.0.1 answered with status 302');
  expect(f.said.join()).toContain('ended with exit code 7: curl: cannot post to https://hooks.example/…');
  // each of them
  expect(f.notifier.problems()).toEqual([
    'The end of a-b-1 was not told by webhook 1 of notify: 127.0.0.1 answered with status 302',
    'The end of a-b-1 was not told by command 2 of notify: it ended with exit code 7: curl: cannot post to https://hooks.example/…',
  ]);
  expect(f.said.join()).not.toContain('secret');
});

test('a command that hangs is ended with all that it started, and one that leaves something behind is not waited for', async () => {
  const late = file();
  const limits = { command: 100, webhook: 100 };
  await using f = fixture([{ how: 'command', command: `(sleep 600; touch ${late}) & wait`, ...always }], undefined, limits);
  await f.end('a-b-1', 'done');
  await f.untilForgotten();
  expect(f.notifier.problems()[0]).toContain('took longer than 0.1 s');
  f.config.notify = [{ how: 'command', command: 'sleep 2 &', ...always }];
  await f.end('a-b-2', 'done');
  await f.untilForgotten();
  expect(f.said).toHaveLength(1);
  expect(existsSync(late)).toBe(false);
});

test('a server that does not answer has its time', async () => {
  using web = await listener(() => 0);
  await using f = fixture([{ how: 'webhook', url: web.url, ...always }], undefined, { command: 100, webhook: 100 });
  await f.end('a-b-1', 'done');
  await waitFor(() => f.notifier.problems()[0], 'it to be given up');
  expect(f.notifier.problems()[0]).toContain('127.0.0.1 did not answer within 0.1 s');
  expect(f.store.notices.all()).toHaveLength(1);
});

test('what a daemon did not tell before its end the next one tells, those who were told no second time', async () => {
  let up = false;
  using web = await listener(() => (up ? 200 : 500));
  using other = await listener();
  const notify: Notifier[] = [
    { how: 'webhook', url: web.url, ...always },
    { how: 'webhook', url: other.url, ...always },
  ];
  const first = fixture(notify);
  await first.end('a-b-1', 'done');
  await waitFor(() => first.store.notices.all()[0]?.told.length === 1 && first.notifier.problems()[0], 'one to be told');
  await first[Symbol.asyncDispose]();
  up = true;
  // in another order
  await using next = fixture(notify.toReversed(), first.path);
  await next.untilForgotten();
  expect(other.heard).toHaveLength(1);
  expect(web.heard.length).toBeGreaterThanOrEqual(2);
});

test('nobody is told of runs that ended before anybody was named', async () => {
  using web = await listener();
  await using f = fixture([]);
  await f.end('a-b-1', 'done');
  expect(f.store.notices.all()).toEqual([]);
  f.config.notify = [{ how: 'webhook', url: web.url, ...always }];
  f.notifier.wake();
  await f.end('a-b-2', 'done');
  await f.untilForgotten();
  expect(web.heard.map(({ body }) => (JSON.parse(body) as { run: Run }).run.name)).toEqual(['a-b-2']);
  // and of none that end when nobody is named any more
  f.config.notify = [];
  f.notifier.wake();
  await f.end('a-b-3', 'done');
  expect(f.store.notices.all()).toEqual([]);
});

test('an attempt that another one follows is no end', async () => {
  using web = await listener();
  await using f = fixture([{ how: 'webhook', url: web.url, ...always }]);
  await new Promise((resolve) => setImmediate(resolve));
  const job = begin(f.store, 'a-b-1');
  job.state = { status: 'interrupted', since: 1, reason: 'exit code 1', cause: 'failed', host: 'local', gpus: [] };
  f.store.jobs.update(job);
  expect(f.store.notices.all()).toEqual([]);
});

test('the line for people is short, and the reason whole', () => {
  const reason = `cannot pull the image r.io/a/b:1:\n${'no route to the registry, '.repeat(20)}or so`;
  const { text, run } = messageOfRun({ name: 'a-b-1', workflow: null, status: 'failed', reason, startedAt: null, finishedAt: null } as Run);
  expect(text).toMatch(/^a-b-1 failed: cannot pull the image r\.io\/a\/b:1: no route .* (to|the|no|route|registry,)…$/);
  expect(text.length).toBeLessThan(200);
  expect(run.reason).toBe(reason);
});
