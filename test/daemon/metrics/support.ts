import { join } from 'node:path';
import { freshProgress } from '../../../daemon/store/records.ts';
import type { SampleRecord } from '../../../daemon/store/samples.ts';
import { openStore, type Store } from '../../../daemon/store/store.ts';
import { unwrap } from '../../../shared/result.ts';
import { scratchDir } from '../../support/scratch.ts';

export const newStore = (): Store => unwrap(openStore(join(scratchDir('db'), 'x.db')));

/** A run of `user` with one job that runs since `startedAt` on these GPUs; answers its id. */
export function putRunning(store: Store, name: string, user: string, startedAt: number, gpus: string[]): number {
  const spec = {
    ...{ args: [], snapshot: { tree: 't', commit: null, branch: null, dirty: false }, templates: [], jobs: [], deps: [] },
    ...{ interruptible: false, maxDuration: null, priority: 0, retry: 0, pinnedImage: null, restartOf: null, terminal: null },
  };
  const run = { name, project: 'me/p', projectDir: '/p', workflow: 'train', provider: 'bash' as const, user, owner: null, shared: false };
  const runId = store.runs.insert({ ...run, spec, requestId: null, tag: null, submittedAt: startedAt });
  const state = { status: 'running' as const, since: startedAt, startedAt, host: 'local', gpus };
  store.jobs.insert({ runId, job: 0, attempt: 1, state, progress: freshProgress(), open: true });
  return runId;
}

export const sample = (at: number, span: number, more: Partial<SampleRecord> = {}): SampleRecord => ({
  ...{ runId: 1, job: 0, attempt: 1, at, span, cpu: 0, memory: 0, gpus: [] },
  ...more,
});
