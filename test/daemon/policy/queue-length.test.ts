import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkQueue } from '../../../daemon/policy/queue-length.ts';
import type { RunSpec } from '../../../daemon/providers/job-spec.ts';
import { freshProgress } from '../../../daemon/store/records.ts';
import { openStore } from '../../../daemon/store/store.ts';
import { unwrap } from '../../../shared/result.ts';
import { scratchDir } from '../../support/scratch.ts';

test('one of several users has only so many unfinished runs, however many the others have', () => {
  const store = unwrap(openStore(join(scratchDir('q'), 'db')));
  const add = (name: string, user: string, open: boolean): void => {
    const runId = store.runs.insert({
      ...{ name, project: 'p', projectDir: '/p', workflow: 'w', provider: 'bash', user, requestId: null, tag: null },
      ...{ submittedAt: 1, spec: { jobs: [] } as unknown as RunSpec },
    });
    // several jobs and attempts are one run
    for (const job of [0, 1])
      store.jobs.insert({ runId, job, attempt: 1, state: { status: 'queued', since: 1 }, progress: freshProgress(), open });
  };
  for (const name of ['a-b-1', 'a-b-2', 'a-b-3']) add(name, 'bob', true);
  add('a-b-4', 'ann', true);
  add('a-b-5', 'ann', false);
  const ann = { user: 'ann', shared: true };
  expect(checkQueue(store, ann, 2)).toEqual({ ok: true, value: undefined });
  add('a-b-6', 'ann', true);
  expect(checkQueue(store, ann, 2)).toMatchObject({ ok: false, failure: { code: 'too_many' } });
  expect(checkQueue(store, { user: 'ann', shared: false }, 2)).toMatchObject({ ok: true });
  store.close();
});
