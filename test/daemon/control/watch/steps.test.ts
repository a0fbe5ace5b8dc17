import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { unwrap } from '../../../../shared/result.ts';
import { attemptOf, freshLive } from '../../../../daemon/control/attempt.ts';
import type { ControlParts } from '../../../../daemon/control/parts.ts';
import { beginRerun } from '../../../../daemon/control/steps/begin-rerun.ts';
import { expire } from '../../../../daemon/control/steps/expire.ts';
import { stateFolders } from '../../../../daemon/control/state-folder.ts';
import { takeRerun } from '../../../../daemon/control/steps/take-rerun.ts';
import { firstRerun } from '../../../../daemon/control/watch/first-rerun.ts';
import { freshLiveWatch } from '../../../../daemon/control/watch/live-watch.ts';
import { putRerun } from '../../../../daemon/control/watch/request-rerun.ts';
import { hearSupervisor, nothingYet, readWatchState } from '../../../../daemon/control/watch/state.ts';
import { heldLeft, watchWanted } from '../../../../daemon/control/watch/watch-view.ts';
import type { Container } from '../../../../daemon/engine/engine.ts';
import type { JobSpec, RunSpec } from '../../../../daemon/providers/job-spec.ts';
import { freshProgress } from '../../../../daemon/store/records.ts';
import { openStore } from '../../../../daemon/store/store.ts';
import { scratchDir } from '../../../support/scratch.ts';
import { waitFor } from '../../../support/wait-for.ts';

const watch = { paths: [], ignore: [], byClient: false, request: { target: 'w', overrides: {}, args: [] } };
const job = (cpu: number): JobSpec => ({
  ...{ image: 'i', registryAuth: null, start: { kind: 'script', commands: [] }, env: {}, workingDir: '', mounts: [], ports: [] },
  ...{ cpu, memory: null, shmSize: null, gpu: null, artifacts: [] },
});
const spec = (tree: string, cpu: number): RunSpec => ({
  ...{ args: [], snapshot: { tree, commit: null, branch: null, dirty: false }, templates: [], jobs: [job(cpu)], deps: [] },
  ...{ interruptible: false, maxDuration: null, idleTimeout: 60, priority: 0, retry: 0, pinnedImage: null, restartOf: null },
  ...{ terminal: null, watch },
});

/** A watch whose container is being prepared, as its `number`th. */
function preparing(number: number) {
  const store = unwrap(openStore(join(scratchDir('w'), 'x.db')));
  onTestFinished(() => void store.close());
  const names = { name: 'a-b-1', project: 'p', projectDir: '/p', workflow: 'w', provider: 'bash' as const, user: 'me' };
  const runId = store.runs.insert({ ...names, requestId: null, tag: null, submittedAt: 1, spec: spec('t1', 1) });
  for (const one of firstRerun({ id: runId, spec: spec('t1', 1) }, 1)) store.reruns.put(one);
  const state = { status: 'preparing' as const, since: 1_000, host: 'local', gpus: [] };
  store.jobs.insert({ runId, job: 0, attempt: number, state, progress: freshProgress(), open: true });
  let now = 1_000;
  const parts = {
    ...{ store, now: () => now, installation: 'i', logger: { info: () => undefined } },
    ...{ states: stateFolders(scratchDir('s')), config: { gracePeriod: 10 } },
    ...{ engine: { removeVolume: async () => undefined }, snapshots: { discardWorkspace: async () => undefined } },
  } as unknown as ControlParts;
  const attempt = () => {
    const [run, record] = [store.runs.byId(runId), store.jobs.get(runId, 0, number)];
    if (!run || !record) throw new Error('they were put there');
    return attemptOf('i', run, record, freshLive());
  };
  return { store, runId, parts, attempt, later: (ms: number) => (now += ms) };
}

/** What a step is given besides. */
const hooks = {
  ...{ container: null, changed: () => undefined, reschedule: () => undefined, follow: () => undefined, wake: () => undefined },
};

test('whoever is killed right after an attempt has become one that asks for something else finds it in the queue', async () => {
  const { store, runId, parts, attempt } = preparing(1);
  const asked = { tree: 't2', cause: 'change' as const, changed: ['x'], changes: 1, seenAt: null, fresh: null, spec: spec('t2', 4) };
  putRerun(store, runId, asked, 2);
  const killed = (): void => {
    throw new Error('killed');
  };
  await expect(takeRerun({ ...hooks, parts, attempt: attempt(), changed: killed })).rejects.toThrow('killed');
  expect(store.runs.byId(runId)?.spec.jobs[0]?.cpu).toBe(4);
  expect(store.jobs.get(runId, 0, 1)?.state.status).toBe('queued');
});

test('a watch that waits without a container ends when it has done nothing for its idle_timeout', async () => {
  const { store, runId, parts, attempt, later } = preparing(2);
  later(59_000);
  const held = attempt();
  // by a clock that is never set
  expect(heldLeft(parts, held)).toBeLessThanOrEqual(1_000);
  later(1_000);
  await expire({ ...hooks, parts, attempt: attempt() });
  expect(store.runs.byId(runId)?.intent).toMatchObject({ how: 'stop', reason: 'idle_timeout', detail: expect.stringContaining('1m') });
});

test('one that has an attempt to begin with is not held', () => {
  const { parts, attempt, later } = preparing(1);
  later(90_000);
  expect(heldLeft(parts, attempt())).toBeNull();
});

/** The state folder of its container, in which these files say how far the supervisor is. */
function told({ parts, attempt }: ReturnType<typeof preparing>, files: Record<string, string>) {
  const one = attempt();
  one.job.state = { status: 'running', since: 1, startedAt: 1, host: 'local', gpus: [] };
  one.job.progress.supervised = true;
  const folder = parts.states.pathOf(one.id);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), `${text}\n`);
  return { one, folder };
}
const another = { tree: 't2', cause: 'change' as const, changed: ['x'], changes: 1, seenAt: null, fresh: null, spec: null };

test('an attempt that is wanted is not begun while the one before runs, though that seemed not to have begun yet', async () => {
  const given = preparing(1);
  const { store, runId, parts } = given;
  store.reruns.note(runId, 1, { givenAt: 2 });
  putRerun(store, runId, another, 4);
  const { one } = told(given, { up: 'up', begun: '1' });
  one.live.watch = freshLiveWatch();
  await beginRerun({ ...hooks, parts, attempt: one });
  expect(store.reruns.get(runId, 2)?.givenAt).toBeNull();
  expect(one.job.progress.retired).toBeUndefined();
});

test.each([
  ['ended', '1 99999999999999999999'],
  ['begun', '99999999999999999999999999999999999999'],
])('a job that writes nonsense into %s has said nothing', async (name, text) => {
  const { folder } = told(preparing(1), { [name]: text });
  expect(await readWatchState(folder)).toEqual(nothingYet);
});

test('a job that fills its state folder is not listened to any more, but looked at', async () => {
  const { folder } = told(preparing(1), {});
  let woken = 0;
  const hearing = hearSupervisor(folder, () => woken++);
  onTestFinished(() => hearing?.close());
  await waitFor(() => {
    for (let i = 0; i < 600; i++) writeFileSync(join(folder, `any${i % 2}`), 'x');
    return hearing?.deaf;
  }, 'it to be deaf');
  expect(woken).toBe(1);
});

test('an attempt that an earlier daemon told to end is not told again: it has its grace period', async () => {
  const given = preparing(1);
  const { store, runId, parts } = given;
  store.reruns.note(runId, 1, { givenAt: 2, startedAt: 3 });
  putRerun(store, runId, another, 4);
  const { one } = told(given, { up: 'up', begun: '1', ending: '1 end' });
  const container = { state: { status: 'running' } } as unknown as Container;
  const next = async () => (await watchWanted(parts, one, container, () => undefined))?.next;
  onTestFinished(() => one.live.watch?.hears?.close());
  expect(await next()).toMatchObject({ do: 'wait' });
  expect(await next()).toMatchObject({ do: 'wait' });
});

test('while the files of the next attempt are read, the one before is over, and it is said what is waited for', async () => {
  const given = preparing(1);
  const { store, runId } = given;
  store.reruns.note(runId, 1, { givenAt: 2, startedAt: 3 });
  putRerun(store, runId, another, 4);
  const reading = Promise.withResolvers<{ ok: false; failure: { code: string; message: string } }>();
  const parts = { ...given.parts, snapshots: { materialize: () => reading.promise }, engine: { kill: async () => undefined } };
  const { one } = told(given, { up: 'up', begun: '1', ended: '1 143', ending: '1 end' });
  one.live.watch = freshLiveWatch();
  const done = beginRerun({ ...hooks, parts: parts as unknown as ControlParts, attempt: one });
  await waitFor(() => one.live.doing === 'bringing the changed files into the container', 'it to be said');
  expect(store.reruns.get(runId, 1)).toMatchObject({ how: 'changed', exitCode: 143, endedAt: expect.any(Number) });
  reading.resolve({ ok: false, failure: { code: 'x', message: 'not there' } });
  await done;
  expect([one.live.doing, one.job.progress.retired?.why]).toEqual([null, 'not there']);
});
