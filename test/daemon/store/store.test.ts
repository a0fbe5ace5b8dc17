import { copyFileSync, mkdtempSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../../daemon/store/database.ts';
import { takeLock } from '../../../daemon/store/lock.ts';
import { migrations } from '../../../daemon/store/migrations.ts';
import { freshProgress } from '../../../daemon/store/records.ts';
import type { SampleRecord } from '../../../daemon/store/samples.ts';
import { openStore } from '../../../daemon/store/store.ts';
import type { UsageRecord } from '../../../daemon/store/usage.ts';
import { unwrap } from '../../../shared/result.ts';

const file = (): string => join(mkdtempSync(join(tmpdir(), 'store-')), 'x.db');
const newRun = (name: string) => ({
  name,
  project: 'me/p',
  projectDir: '/p',
  workflow: 'train',
  provider: 'bash' as const,
  user: 'me',
  requestId: null,
  tag: null,
  owner: null,
  shared: false,
  submittedAt: 1,
  spec: {
    args: [],
    snapshot: { tree: 't', commit: null, branch: null, dirty: false },
    templates: [],
    jobs: [],
    deps: [],
    interruptible: false,
    maxDuration: null,
    priority: 0,
    retry: 0,
    pinnedImage: null,
    restartOf: null,
    terminal: null,
  },
});

describe('the store', () => {
  test('gives back what was put in, after it was opened again', () => {
    const path = file();
    const store = unwrap(openStore(path));
    const id = store.runs.insert(newRun('a-b-1'));
    const job = { runId: id, job: 0, attempt: 1, state: { status: 'queued' as const, since: 1 }, progress: freshProgress(), open: true };
    store.jobs.insert(job);
    store.tags.put({ project: 'me/p', tag: 'best', runId: id, createdAt: 5 });
    store.close();
    const again = unwrap(openStore(path));
    expect(again.runs.byName('a-b-1')).toEqual({ ...newRun('a-b-1'), id, intent: null, removedAt: null });
    expect(again.jobs.open()).toEqual([job]);
    expect(again.tags.get('me/p', 'best')).toEqual({ project: 'me/p', tag: 'best', runId: id, createdAt: 5 });
  });
  test('the newest done run of a workflow is found, others are not', () => {
    const store = unwrap(openStore(file()));
    const ended = { since: 1, startedAt: 1, finishedAt: 1, host: 'local', gpus: [], exitCode: 0 };
    for (const [name, state] of [
      ['a-b-1', { status: 'done' as const, ...ended }],
      ['a-b-2', { status: 'done' as const, ...ended }],
      ['a-b-3', { status: 'failed' as const, reason: '', reasonCode: 'exit_code' as const, ...ended }],
    ] as const) {
      const runId = store.runs.insert(newRun(name));
      store.jobs.insert({ runId, job: 0, attempt: 1, state, progress: freshProgress(), open: false });
    }
    expect(store.runs.lastDone('me/p', 'train')?.name).toBe('a-b-2');
    expect(store.runs.lastDone('me/p', 'other')).toBeNull();
  });
  test('names count up within a pair', () => {
    const store = unwrap(openStore(file()));
    expect([store.runs.nextNumber('x-y'), store.runs.nextNumber('x-y'), store.runs.nextNumber('x-z')]).toEqual([1, 2, 1]);
  });
  test('a transaction that fails leaves nothing', () => {
    const store = unwrap(openStore(file()));
    expect(() =>
      store.transaction(() => {
        store.runs.insert(newRun('a-b-1'));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(store.runs.all()).toEqual([]);
  });
});

const usageOf = (runId: number, more: Partial<UsageRecord> = {}): UsageRecord => ({
  ...{ runId, job: 0, attempt: 1, user: 'me', project: 'me/p', workflow: 'train', run: 'calm-otter-1' },
  ...{ host: 'local', gpus: 2, gpuName: 'NVIDIA A100', cpu: 1.5, startedAt: 1000, finishedAt: 1100, ...more },
});

const sampleOf = (runId: number, at: number, more: Partial<SampleRecord> = {}): SampleRecord => ({
  ...{ runId, job: 0, attempt: 1, at, span: 5000, cpu: 1, memory: 1e9, gpus: [{ utilization: 50, memory: null }] },
  ...more,
});

describe('usage', () => {
  test('is summed by what is asked, and cut where it begins before', () => {
    const store = unwrap(openStore(file()));
    const [a, b] = [store.runs.insert(newRun('a-b-1')), store.runs.insert(newRun('a-b-2'))] as const;
    store.usage.put(usageOf(a));
    store.usage.put(usageOf(a, { attempt: 2, startedAt: 2000, finishedAt: 3000 }));
    store.usage.put(usageOf(b, { user: 'you', workflow: null, gpus: 0, startedAt: 0, finishedAt: 5000 }));
    expect(store.usage.sums('user', 0)).toEqual([
      { key: 'me', runs: 1, gpuTime: 2200, time: 1100 },
      { key: 'you', runs: 1, gpuTime: 0, time: 5000 },
    ]);
    expect(store.usage.sums('workflow', 2500)).toEqual([
      { key: 'me/p', runs: 1, gpuTime: 0, time: 2500 },
      { key: 'me/p/train', runs: 1, gpuTime: 1000, time: 500 },
    ]);
    expect([store.usage.has(a, 2999), store.usage.has(a, 3000)]).toEqual([true, false]);
    expect([...store.usage.spans(1100)]).toEqual([
      { user: 'me', gpus: 2, startedAt: 2000, finishedAt: 3000 },
      { user: 'you', gpus: 0, startedAt: 0, finishedAt: 5000 },
    ]);
  });
  test('of an attempt is written once, however often', () => {
    const store = unwrap(openStore(file()));
    const a = store.runs.insert(newRun('a-b-1'));
    store.usage.put(usageOf(a));
    store.usage.put(usageOf(a));
    expect(store.usage.sums('user', 0)).toMatchObject([{ time: 100 }]);
  });
});

describe('samples', () => {
  test('are read by attempt in both orders, and go with their run', () => {
    const store = unwrap(openStore(file()));
    const [a, b] = [store.runs.insert(newRun('a-b-1')), store.runs.insert(newRun('a-b-2'))] as const;
    const samples = [0, 5000, 10_000].map((at) => sampleOf(a, at, { cpu: at === 0 ? null : at }));
    for (const sample of samples.toReversed()) store.samples.put(sample);
    store.samples.put(sampleOf(a, 0, { attempt: 2 }));
    store.samples.put(sampleOf(b, 0));
    expect(store.samples.ofAttempt({ runId: a, job: 0, attempt: 1 })).toEqual(samples);
    expect([...store.samples.newestFirst({ runId: a, job: 0, attempt: 1 })]).toEqual(samples.toReversed());
    store.samples.removeRun(a);
    expect(store.samples.runs()).toEqual([b]);
  });
});

test('the audit log gives the newest first', () => {
  const store = unwrap(openStore(file()));
  const entry = (at: number) => ({ at, user: 'me', action: 'stop' as const, run: `a-b-${at}`, owner: 'you', detail: '' });
  for (const at of [1, 2, 3]) store.audit.add(entry(at));
  expect(store.audit.between(2, Infinity)).toEqual([entry(3), entry(2)]);
  expect(store.audit.between(1, 2)).toEqual([entry(2), entry(1)]);
});

test('a user finds what is about them behind however much of others', () => {
  const store = unwrap(openStore(file()));
  const entry = (user: string, owner: string) => ({ at: 1, user, action: 'stop' as const, run: 'a-b-1', owner, detail: '' });
  store.transaction(() => {
    store.audit.add(entry('ann', 'ann'));
    store.audit.add(entry('root', 'ann'));
    for (let i = 0; i < 10_001; i += 1) store.audit.add(entry('bob', 'bob'));
  });
  expect(store.audit.between(0, Infinity, 'ann')).toEqual([entry('root', 'ann'), entry('ann', 'ann')]);
});

describe('opening a database', () => {
  test('one that the first version wrote is understood for ever', () => {
    const path = file();
    copyFileSync(join(import.meta.dirname, 'fixtures/v1.db'), path);
    const store = unwrap(openStore(path));
    const run = store.runs.byName('old-owl-1');
    expect(run).toMatchObject({
      project: 'me/old',
      workflow: 'train',
      spec: { jobs: [{ image: 'python:3.11', artifacts: [{ path: 'model' }] }] },
    });
    expect(store.jobs.ofRun(run?.id ?? 0)).toMatchObject([{ state: { status: 'done', exitCode: 0 }, open: false }]);
    expect(store.tags.ofProject('me/old')).toMatchObject([{ tag: 'best', runId: run?.id }]);
  });
  test('one from before usage, samples and the audit log takes them in', () => {
    const path = file();
    copyFileSync(join(import.meta.dirname, 'fixtures/v1.db'), path);
    const store = unwrap(openStore(path));
    const run = store.runs.byName('old-owl-1');
    if (!run) throw new Error('no run');
    store.usage.put(usageOf(run.id));
    store.samples.put(sampleOf(run.id, 0));
    store.audit.add({ at: 5, user: 'me', action: 'rm', run: run.name, owner: 'me', detail: 'was done' });
    store.close();
    const again = unwrap(openStore(path));
    expect(again.usage.sums('run', 0)).toEqual([{ key: 'calm-otter-1', runs: 1, gpuTime: 200, time: 100 }]);
    expect(again.samples.runs()).toEqual([run.id]);
    expect(again.audit.between(0, Infinity)).toHaveLength(1);
    expect(existsSync(`${path}.v1.bak`)).toBe(true);
  });
  test('one that the second version wrote is understood for ever', () => {
    const path = file();
    copyFileSync(join(import.meta.dirname, 'fixtures/v2.db'), path);
    const store = unwrap(openStore(path));
    const run = store.runs.byName('old-fox-2');
    expect(run).toMatchObject({ project: 'me/old', user: 'ann', spec: { jobs: [{ gpu: { count: 2 } }] } });
    expect(store.jobs.ofRun(run?.id ?? 0)).toMatchObject([{ state: { status: 'interrupted' } }, { state: { status: 'done' } }]);
    expect(store.usage.sums('workflow', 0)).toEqual([{ key: 'me/old/train', runs: 1, gpuTime: 7_200_000, time: 3_600_000 }]);
    expect(store.samples.ofAttempt({ runId: run?.id ?? 0, job: 0, attempt: 2 })).toMatchObject([
      {
        span: 5000,
        cpu: 1.5,
        memory: 4e9,
        gpus: [
          { utilization: 97, memory: 6e10 },
          { utilization: null, memory: null },
        ],
      },
    ]);
    expect(store.audit.between(0, Infinity)).toMatchObject([
      { user: 'bob', action: 'stop', run: 'old-fox-2', owner: 'ann', detail: 'was running' },
    ]);
  });
  test('one that the third version wrote is understood for ever', () => {
    const path = file();
    copyFileSync(join(import.meta.dirname, 'fixtures/v3.db'), path);
    const store = unwrap(openStore(path));
    expect(store.runs.byName('old-fox-2')).toMatchObject({ project: 'me/old' });
    expect(store.environments.all()).toEqual([
      { key: 'a'.repeat(64), usedAt: 7, facts: null },
      { key: 'b'.repeat(64), usedAt: 8, facts: '{"image":"sha256:1"}' },
    ]);
  });
  test('one from before environments takes them in', () => {
    const path = file();
    copyFileSync(join(import.meta.dirname, 'fixtures/v2.db'), path);
    const store = unwrap(openStore(path));
    store.environments.touch('k', 1);
    store.environments.touch('k', 2);
    expect(store.environments.get('k')).toEqual({ key: 'k', usedAt: 2, facts: null });
    store.environments.remove('k');
    expect(store.environments.get('k')).toBeNull();
  });
  test('one from before watches takes them in', () => {
    const path = file();
    copyFileSync(join(import.meta.dirname, 'fixtures/v3.db'), path);
    const store = unwrap(openStore(path));
    const runId = store.runs.byName('old-fox-2')?.id ?? 0;
    expect(store.reruns.newest(runId, 9)).toEqual([]);
    const one = {
      ...{ runId, number: 1, tree: 't', cause: 'change' as const, changed: ['a'], changes: 1, seenAt: 2, askedAt: 3, givenAt: null },
      ...{ startedAt: null, stopAskedAt: null, endedAt: null, how: null, exitCode: null, fresh: null, spec: null },
    };
    store.reruns.put(one);
    store.reruns.put({ ...one, number: 2 });
    store.reruns.note(runId, 2, { givenAt: 4, startedAt: 5 });
    store.reruns.note(runId, 2, { endedAt: 6, how: 'itself', exitCode: 0 });
    store.close();
    const again = unwrap(openStore(path)).reruns;
    const ended = { ...one, number: 2, givenAt: 4, startedAt: 5, endedAt: 6, how: 'itself', exitCode: 0 };
    expect([again.ofRun(runId), again.newest(runId, 1), again.get(runId, 3)]).toEqual([[one, ended], [ended], null]);
  });
  test('one of a newer version is refused', () => {
    const path = file();
    unwrap(openDatabase(path, [...migrations, 'CREATE TABLE later (x) STRICT'.replace('(x)', '(x TEXT)')])).close();
    expect(openDatabase(path)).toMatchObject({ ok: false, failure: { code: 'newer_database', message: expect.stringContaining(path) } });
  });
  test('an older one is copied before it is brought up to date', () => {
    const path = file();
    unwrap(openDatabase(path)).close();
    const db = unwrap(openDatabase(path, [...migrations, 'CREATE TABLE later (x TEXT) STRICT']));
    expect(db.pragma('user_version', { simple: true })).toBe(migrations.length + 1);
    expect(existsSync(`${path}.v${migrations.length}.bak`)).toBe(true);
    const before = unwrap(openDatabase(`${path}.v${migrations.length}.bak`));
    expect(before.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'later'").get()).toEqual({ n: 0 });
  });
});

describe('the lock of an installation', () => {
  test('one holder at a time', () => {
    const path = file();
    const release = takeLock(path);
    expect(release).not.toBeNull();
    expect(takeLock(path)).toBeNull();
    release?.();
    expect(takeLock(path)).not.toBeNull();
  });
});
