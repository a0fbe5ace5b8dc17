import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RerunRecord } from '../../store/records.ts';
import { prepareRefresh } from '../watch/prepare-refresh.ts';
import { noteTold } from '../watch/live-watch.ts';
import { noteSeen } from '../watch/note-seen.ts';
import { readWatchState, tellSupervisor, type WatchState } from '../watch/state.ts';
import type { Executor } from './executor.ts';
import { retireFor } from './retire.ts';

/**
 * The supervisor is told to begin the attempt that is wanted: first its files are put where it finds them, then the attempt is its for good, then it is told. One that it was told before and has
 * not begun it is told again.
 */
export const beginRerun: Executor = async (given) => {
  const { parts, attempt, changed } = given;
  const { run, live } = attempt;
  const folder = parts.states.pathOf(attempt.id);
  const rows = parts.store.reruns.newest(run.id, 2);
  const last = rows.find(({ givenAt }) => givenAt !== null);
  if (!last || !live.watch) return;
  const state = await readWatchState(folder);
  const { begun, ended } = state;
  const over = last.endedAt !== null || ended?.attempt === last.number;
  // it has begun in this very moment: as long as it runs no other does
  if (!over && begun?.attempt === last.number) return;
  const begins = over ? await takeNewest(given, rows[0], state) : last.number;
  if (begins === null) return;
  const staged = existsSync(join(parts.states.stageOf(attempt.id), String(begins), 'refresh'));
  if (await tellSupervisor(folder, 'begin', `${begins}${staged ? ' refresh' : ''}`)) noteTold(live.watch, begins, 'begin');
  else await retireFor(given, 'the supervisor in its container does not listen');
  changed();
};

/** After so long it is said that the one before is over, and what is waited for (ms): mostly that is written down with the next one. */
const saidAfter = 150;

/** The number of the one that is wanted, which is its container's from here on; null: there is none, or not in this container, or another by now. */
async function takeNewest(given: Parameters<Executor>[0], newest: RerunRecord | undefined, ended: WatchState): Promise<number | null> {
  const { parts, attempt, changed } = given;
  const { store } = parts;
  if (newest?.givenAt !== null) return null;
  const { runId, number, tree } = newest;
  const noteEnd = (): void => {
    if (store.transaction(() => noteSeen(store, runId, ended))) changed();
  };
  const lull = setTimeout(() => {
    attempt.live.doing = 'bringing the changed files into the container';
    noteEnd();
    changed();
  }, saidAfter);
  const ready = await prepareRefresh(parts, attempt, newest).finally(() => {
    clearTimeout(lull);
    attempt.live.doing = null;
  });
  if (!ready.ok) {
    noteEnd();
    await retireFor(given, ready.failure.message);
    return null;
  }
  const state = await readWatchState(parts.states.pathOf(attempt.id));
  return store.transaction(() => {
    noteSeen(store, runId, state);
    // a newer one may have taken its place meanwhile, or the run is to end: then it is looked at again
    if ((store.runs.byId(runId)?.intent ?? null) !== null) return null;
    const row = store.reruns.get(runId, number);
    if (row?.tree !== tree || row.spec !== null || row.fresh !== null || row.givenAt !== null) return null;
    store.reruns.note(runId, number, { givenAt: parts.now() });
    return number;
  });
}
