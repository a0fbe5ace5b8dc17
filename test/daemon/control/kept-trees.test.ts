import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keptTrees } from '../../../daemon/control/garbage.ts';
import type { ControlParts } from '../../../daemon/control/parts.ts';
import { firstRerun } from '../../../daemon/control/watch/first-rerun.ts';
import { putRerun } from '../../../daemon/control/watch/request-rerun.ts';
import type { RunSpec } from '../../../daemon/providers/job-spec.ts';
import { freshProgress } from '../../../daemon/store/records.ts';
import { openStore } from '../../../daemon/store/store.ts';
import { unwrap } from '../../../shared/result.ts';
import { scratchDir } from '../../support/scratch.ts';

test('of a watch that has ended stays what a restart takes, though a newer attempt never began', () => {
  const store = unwrap(openStore(join(scratchDir('k'), 'x.db')));
  const spec = { jobs: [], deps: [], snapshot: { tree: 't1' }, watch: { paths: [], ignore: [] } } as unknown as RunSpec;
  const facts = { project: 'p', projectDir: '/p', workflow: 'w', provider: 'bash' as const, user: 'me', requestId: null, tag: null };
  const id = store.runs.insert({ name: 'a-b-1', ...facts, submittedAt: 1, spec });
  const state = { status: 'running' as const, since: 1, startedAt: 1, host: 'local', gpus: [] };
  const job = { runId: id, job: 0, attempt: 1, state, progress: freshProgress(), open: true };
  store.jobs.insert(job);
  for (const one of firstRerun({ id, spec }, 1)) store.reruns.put(one);
  const change = (tree: string): number | null =>
    putRerun(store, id, { tree, cause: 'change', changed: [], changes: 1, seenAt: null, fresh: null, spec: null }, 2);
  for (const [i, tree] of ['t2', 't3', 't4', 't5', 't6', 't7', 't8'].entries()) {
    store.reruns.note(id, i + 1, { givenAt: i + 1 });
    change(tree);
  }
  const parts = { store, now: () => 3, config: { retention: { trees: null } } } as unknown as ControlParts;
  expect([...keptTrees(parts)].toSorted()).toEqual(['t1', 't4', 't5', 't6', 't7', 't8']);
  store.jobs.update({ ...job, state: { ...state, status: 'stopped', finishedAt: 3, exitCode: null }, open: false });
  // t8 never began
  expect([...keptTrees(parts)].toSorted()).toEqual(['t1', 't7', 't8']);
  store.close();
});
