import { expect, onTestFinished, test } from 'vitest';
import { createWatching } from '../../../daemon/watching/watching.ts';
import type { ChangedParts } from '../../../daemon/watching/changed.ts';
import type { RunRecord } from '../../../daemon/store/records.ts';
import type { Caller } from '../../../daemon/users/caller.ts';
import { waitFor } from '../../support/wait-for.ts';
import { repository, snapshotsIn, tempDir, write } from '../snapshots/lab.ts';

test('a change that could not be looked at is looked at again', async () => {
  const dir = repository({ 'a.py': '1\n' });
  const run = {
    id: 1,
    name: 'a-run-1',
    projectDir: dir,
    user: 'me',
    owner: null,
    intent: null,
    spec: { jobs: [], watch: { paths: [], ignore: [] } },
  };
  const asked: string[] = [];
  let failing = false;
  let failures = 0;
  let newest = '';
  const parts = {
    snapshots: snapshotsIn(tempDir()),
    logger: { info: () => undefined, error: () => void failures++ },
    signal: new AbortController().signal,
    idle: () => undefined,
    store: {
      runs: { byId: () => run },
      jobs: { ofRun: () => [{ job: 0, attempt: 1, state: { status: 'running' } }] },
      reruns: {
        newest() {
          if (failing) throw new Error('the disk is away');
          return [{ tree: newest, spec: null }];
        },
      },
    },
  };
  const control = {
    watchSees: () => undefined,
    changes: { subscribe: () => () => undefined },
    requestRerun(_: number, { tree }: { tree: string }) {
      asked.push((newest = tree));
      return asked.length;
    },
  };
  const notices = { fault: () => undefined, isFaulty: () => false, watching: () => undefined, forget: () => undefined };
  const first = await parts.snapshots.take(dir);
  newest = first.ok ? first.value.tree : '';
  const watching = createWatching({ parts, control, notices } as unknown as ChangedParts, { shared: false } as Caller);
  const alive = setInterval(() => undefined, 1000);
  onTestFinished(async () => {
    clearInterval(alive);
    await watching.finished();
  });
  await watching.begin(run as unknown as RunRecord);
  await watching.ready(dir);
  failing = true;
  write(dir, { 'b.py': '1\n' });
  await waitFor(() => failures > 0, 'the failure');
  failing = false;
  await waitFor(() => asked.length > 0, 'the attempt');
  expect(asked).toHaveLength(1);
});
