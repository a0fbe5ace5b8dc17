import { copyFileSync, mkdtempSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../../daemon/store/database.ts';
import { takeLock } from '../../../daemon/store/lock.ts';
import { migrations } from '../../../daemon/store/migrations.ts';
import { freshProgress } from '../../../daemon/store/records.ts';
import { openStore } from '../../../daemon/store/store.ts';
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
