import { noteSeen } from '../watch/note-seen.ts';
import { readWatchState } from '../watch/state.ts';
import type { Executor } from './executor.ts';

/** An attempt of a watch has begun, or has ended: its supervisor says so. */
export const noteRerun: Executor = async ({ parts, attempt, changed }) => {
  const state = await readWatchState(parts.states.pathOf(attempt.id));
  if (parts.store.transaction(() => noteSeen(parts.store, attempt.run.id, state))) changed();
};
