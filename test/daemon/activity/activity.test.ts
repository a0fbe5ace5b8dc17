import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createActivity, type Activity } from '../../../daemon/activity/activity.ts';
import type { ProbeEngine } from '../../../daemon/activity/probe.ts';
import { EngineError } from '../../../daemon/engine/engine.ts';
import { createLogger } from '../../../daemon/logger.ts';
import type { JobSpec } from '../../../daemon/providers/job-spec.ts';
import { freshProgress, type JobRecord, type RunRecord } from '../../../daemon/store/records.ts';
import { openStore, type Store } from '../../../daemon/store/store.ts';
import { unwrap } from '../../../shared/result.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';

const app = { name: 'code' as const, port: 0, path: '/', query: {}, tokenParameter: 'tkn', tokenVariable: 'T' };
const job = { app, ports: [{ container: 10_000, host: null }], artifacts: [] } as unknown as JobSpec;
/** As the kernel prints it: somebody listens on port 10000, and nobody has come. */
const alone = '   0: 00000000:2710 00000000:0000 0A\n';

interface Given {
  store: Store;
  activity: Activity;
  /** what the engine does when it is asked; it answers for containers of another machine */
  engine: { ask: () => void; asked: number; gpuWork: number; tables: string; processes: string };
  said: string[];
  put(spec: object): { run: RunRecord; job: JobRecord };
}

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

function given(): Given {
  const store = unwrap(openStore(join(scratchDir('db'), 'x.db')));
  const stopping = new AbortController();
  const said: string[] = [];
  const engine = { ask: () => {}, asked: 0, gpuWork: 0, tables: alone, processes: '' };
  const answer = <T>(value: () => T) => {
    return async (): Promise<T> => {
      engine.asked++;
      engine.ask();
      return value();
    };
  };
  const asked: ProbeEngine = {
    company: answer(() => ({ id: 'no-such-container', pid: 0, attached: 0 })),
    execOutput: (_, [program]) => answer(() => (program === 'cat' ? engine.tables : engine.processes))(),
    stats: answer(() => ({ at: 0, cpuNanos: 0, memory: null })),
  };
  const activity = createActivity({
    ...{ installation: 'x', store, engine: asked, logger: createLogger('silent'), signal: stopping.signal },
    logs: { note: async (_, text) => void said.push(text) },
    tokenOf: () => 'token',
    gpuWork: () => engine.gpuWork,
    changed: () => said.push('changed'),
    end: (runId, detail) => {
      store.runs.setIntent(runId, { how: 'stop', at: 0, reason: 'inactivity', detail });
      said.push(detail);
    },
  });
  ended.push(async () => {
    stopping.abort();
    await activity.finished();
    store.close();
  });
  return {
    ...{ store, activity, engine, said },
    put(over) {
      const rest = {
        ...{ args: [], snapshot: { tree: 't', commit: null, branch: null, dirty: false }, templates: [], jobs: [job], deps: [] },
        ...{ interruptible: false, maxDuration: null, priority: 0, retry: 0, pinnedImage: null, restartOf: null, terminal: null },
      };
      const names = {
        name: `red-fox-${store.runs.nextNumber('red-fox')}`,
        project: 'me/p',
        projectDir: '/p',
        workflow: 'x',
        provider: 'code' as const,
        user: 'me',
      };
      const runId = store.runs.insert({ ...names, spec: { ...rest, ...over }, requestId: null, tag: null, submittedAt: 0 });
      const state = { status: 'running' as const, since: 0, startedAt: 0, host: 'local', gpus: [] };
      const progress = { ...freshProgress(), ports: [10_000, 10_001].map((container) => ({ container, host: container + 30_000 })) };
      store.jobs.insert({ runId, job: 0, attempt: 1, state, progress, open: true });
      return { run: store.runs.byId(runId) ?? expect.fail(), job: store.jobs.get(runId, 0, 1) ?? expect.fail() };
    },
  };
}

describe('watching dev environments', () => {
  test('warns, says so, and ends one that is left alone; then nothing is under way', async () => {
    const { activity, said, put } = given();
    const one = put({ inactivityDuration: 1 });
    activity.watch(one.run, one.job);
    await waitFor(() => activity.hint(one.job), 'the warning', { every: 5 });
    expect(activity.hint(one.job)).toMatch(/^idle for \d s, stops in \d s \(inactivity_duration\)$/);
    await activity.finished();
    expect(said).toEqual([
      'changed',
      expect.stringMatching(/^dstack: nobody has used this environment for \d s; it stops in \d s/),
      'nobody used it for 1s (inactivity_duration)',
    ]);
    expect(activity.hint(one.job)).toBeNull();
  });

  test('goes on while the engine is away, without ending anything', async () => {
    const { activity, engine, said, put } = given();
    let failing = true;
    engine.ask = () => {
      if (failing) throw engine.asked % 2 ? new EngineError('unreachable', 'the engine is away') : new Error('read ECONNRESET');
    };
    put({ inactivityDuration: 1 });
    activity.adopt();
    // for twice its duration
    await waitFor(() => engine.asked > 10, 'it to be asked again and again');
    expect(said).toEqual([]);
    failing = false;
    const back = performance.now();
    await activity.finished();
    expect(said.at(-1)).toBe('nobody used it for 1s (inactivity_duration)');
    expect(performance.now() - back).toBeGreaterThan(1_000);
  });

  test.each(['2710', '2711'])('lives while a connection to its port %s (hexadecimal) is open', async (port) => {
    const { activity, engine, said, put } = given();
    engine.tables = `${alone}   1: 020011AC:${port} 010011AC:D2F4 01\n`;
    put({ inactivityDuration: 1 });
    activity.adopt();
    await waitFor(() => engine.asked > 30, 'twice its duration');
    expect(said).toEqual([]);
    engine.tables = alone;
    await activity.finished();
    expect(said.at(-1)).toBe('nobody used it for 1s (inactivity_duration)');
  });

  test('lives while a command runs in a terminal, and not for a prompt', async () => {
    const { activity, engine, said, put } = given();
    const prompt = '30 (bash) S 1 30 30 34817 40 0\n';
    engine.processes = `${prompt}40 (sleep) S 30 40 30 34817 40 0\n`;
    put({ inactivityDuration: 1 });
    activity.adopt();
    await waitFor(() => engine.asked > 40, 'twice its duration');
    expect(said).toEqual([]);
    engine.processes = prompt;
    await activity.finished();
    expect(said.at(-1)).toBe('nobody used it for 1s (inactivity_duration)');
  });

  test('lives while one of its GPUs does something', async () => {
    const { activity, engine, said, put } = given();
    engine.ask = () => void engine.gpuWork++;
    put({ inactivityDuration: 1 });
    activity.adopt();
    // four questions for each look, five looks in a second
    await waitFor(() => engine.asked > 40, 'twice its duration');
    expect(said).toEqual([]);
    engine.ask = () => {};
    await activity.finished();
    expect(said.at(-1)).toBe('nobody used it for 1s (inactivity_duration)');
  });

  test('leaves alone what has no such limit, serves nothing, or runs no more', async () => {
    const { activity, engine, store, put } = given();
    for (const spec of [{}, { inactivityDuration: null }, { inactivityDuration: 1, jobs: [{ ...job, app: null }] }]) {
      const one = put(spec);
      activity.watch(one.run, one.job);
      store.jobs.update({ ...one.job, open: false });
    }
    const over = put({ inactivityDuration: 1 });
    store.runs.setIntent(over.run.id, { how: 'stop', at: 0, reason: null });
    activity.watch(over.run, over.job);
    await activity.finished();
    expect(engine.asked).toBe(0);
  });
});
