import type { WatchView } from '../../../shared/api.ts';

/** The view of a watch whose fourth attempt runs, for a change of one file. */
export const aWatch = (over: Partial<WatchView> = {}): WatchView => ({
  attempt: 4,
  phase: 'running',
  cause: 'change',
  changed: ['train.py'],
  changes: 1,
  restartMs: 84,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
  exitCode: null,
  how: null,
  before: { attempt: 3, how: 'changed', exitCode: null, ranMs: 12_400 },
  fresh: null,
  sees: 'events',
  notice: null,
  ...over,
});
