import { expect, test } from 'vitest';
import { viewRun } from '../../../../daemon/control/view/view.ts';
import { freshProgress, type JobRecord, type Progress, type RunRecord } from '../../../../daemon/store/records.ts';
import type { Store } from '../../../../daemon/store/store.ts';
import type { JobState } from '../../../../shared/states.ts';

const run = {
  id: 1,
  project: 'p',
  submittedAt: 1_000,
  intent: null,
  spec: { jobs: [], priority: 0, interruptible: true },
} as unknown as RunRecord;

const attempt = (n: number, state: JobState, progress: Partial<Progress> = {}): JobRecord => ({
  runId: 1,
  job: 0,
  attempt: n,
  state,
  progress: { ...freshProgress(), ...progress },
  open: true,
});

/** The view of a run with these attempts, of which the control says `doing`. */
function view(attempts: JobRecord[], doing: string | null, intent: RunRecord['intent'] = null) {
  const store = { jobs: { ofRun: () => attempts }, tags: { ofRun: () => [] } } as unknown as Store;
  return viewRun(
    store,
    { doing: () => doing, position: () => 1, explain: () => null, watchNews: () => ({ notice: null, sees: null }) },
    { ...run, intent },
  );
}

const place = { since: 2_000, host: 'local', gpus: [] };
const failed = attempt(1, { status: 'interrupted', reason: 'exit code 3', cause: 'failed', ...place });
const preempted = attempt(1, { status: 'interrupted', reason: 'made room for red-fox-1', cause: 'preempted', ...place });
const again = attempt(2, { status: 'queued', since: 5_000 });

test.each([
  [
    'in its pause',
    [failed, again],
    'next in line, tries again at 09:25:02 UTC',
    'failed (exit code 3), attempt 2 tries again at 09:25:02 UTC',
  ],
  ['after it', [failed, again], 'next in line, waits for 1 GPU', 'failed (exit code 3), attempt 2: next in line, waits for 1 GPU'],
  ['that made room', [preempted, again], 'number 2 in line, x', 'made room for red-fox-1, attempt 2: number 2 in line, x'],
  ['that nobody looked at yet', [attempt(1, { status: 'queued', since: 1_000 })], null, 'the queue is being looked at'],
])('why a run waits %s', (_, attempts, doing, reason) => {
  expect(view(attempts, doing).reason).toBe(reason);
});

test('one that makes room says for whom', () => {
  const state: JobState = { status: 'stopping', startedAt: 3_000, how: 'stop', ...place };
  const progress = { preempted: { for: 'red-fox-1', runId: 2, at: 4_000 } };
  expect(view([attempt(1, state, progress)], null)).toMatchObject({ status: 'stopping', reason: 'makes room for red-fox-1' });
});

test('one that nobody used says so while it ends, and after, unless it ended by itself', () => {
  const intent = { how: 'stop', at: 4_000, reason: 'inactivity', detail: 'nobody used it for 2h (inactivity_duration)' } as const;
  const over = { since: 5_000, startedAt: 3_000, finishedAt: 5_000, host: 'local', gpus: [], exitCode: 0 };
  const reason = (state: JobState): string | null => view([attempt(1, state)], null, intent).reason;
  expect(reason({ status: 'running', startedAt: 3_000, ...place })).toBe(intent.detail);
  expect(reason({ status: 'stopping', startedAt: 3_000, how: 'stop', ...place })).toBe(intent.detail);
  expect(reason({ status: 'stopped', ...over })).toBe(intent.detail);
  expect(reason({ status: 'done', ...over })).toBeNull();
  expect(reason({ status: 'failed', reason: 'exit code 1', reasonCode: 'exit_code', ...over })).toBe('exit code 1');
  expect(view([attempt(1, { status: 'stopped', ...over })], null, { how: 'stop', at: 4_000, reason: null }).reason).toBeNull();
});

test('it waits since it was queued this time', () => {
  expect(view([preempted, again], null)).toMatchObject({
    submittedAt: new Date(1_000).toISOString(),
    waitingSince: new Date(5_000).toISOString(),
  });
  expect(view([attempt(1, { status: 'running', startedAt: 3_000, ...place })], null).waitingSince).toBeNull();
});
