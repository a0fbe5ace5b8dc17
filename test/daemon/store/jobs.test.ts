import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freshProgress, type JobRecord } from '../../../daemon/store/records.ts';
import { openStore, type Store } from '../../../daemon/store/store.ts';
import { unwrap } from '../../../shared/result.ts';
import { scratchDir } from '../../support/scratch.ts';

const spec = {
  ...{ args: [], snapshot: { tree: 't', commit: null, branch: null, dirty: false }, templates: [], jobs: [], deps: [] },
  ...{ interruptible: true, maxDuration: null, priority: 0, retry: 0, pinnedImage: null, restartOf: null, terminal: null },
};

function placed(): { store: Store; job: JobRecord } {
  const store = unwrap(openStore(join(scratchDir('db'), 'd.db')));
  const runId = store.runs.insert({
    ...{ name: 'a-b-1', project: 'me/p', projectDir: '/p', workflow: 'w', provider: 'bash', user: 'me', requestId: null, tag: null },
    ...{ submittedAt: 1, spec },
  });
  const job: JobRecord = {
    ...{ runId, job: 0, attempt: 1, state: { status: 'preparing', since: 1, host: 'local', gpus: [] } },
    ...{ progress: freshProgress(), open: true },
  };
  store.jobs.insert(job);
  return { store, job };
}
const preempted = { for: 'c-d-1', runId: 7, at: 5 };
const isPreempted = ({ store, job }: ReturnType<typeof placed>) => store.jobs.get(job.runId, job.job, job.attempt)?.progress.preempted;

test('an order to make room outlives what a driver writes that read the attempt before', () => {
  const one = placed();
  const { store, job } = one;
  // the driver has `job`, and asks the engine; meanwhile the scheduler decides
  store.jobs.update({ ...job, progress: { ...job.progress, preempted } });
  store.jobs.update({ ...job, progress: { ...job.progress, warnedAt: 6, terminatedAt: 7 } });
  expect(isPreempted(one)).toEqual(preempted);
  expect(store.jobs.get(job.runId, 0, 1)?.progress).toMatchObject({ warnedAt: 6, terminatedAt: 7, end: null });
});

test('one that waits again owes nobody room', () => {
  const one = placed();
  const { store, job } = one;
  store.jobs.update({ ...job, progress: { ...job.progress, preempted } });
  store.jobs.update({ ...job, state: { status: 'queued', since: 2 } });
  expect(isPreempted(one)).toBeNull();
});
