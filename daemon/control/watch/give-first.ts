import type { Attempt } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';
import { isSupervised } from './warm.ts';
import { needsTaking } from './watch-view.ts';
import { writeFirst } from './state.ts';

/**
 * Writes down that the container is about to be started (`write`), and with it, of a watch, that it begins with the attempt of its number, which none takes the place of from here on. False:
 * what is wanted is something else by now, and nothing was written.
 */
export async function giveFirst(
  parts: Pick<ControlParts, 'store' | 'states' | 'now'>,
  attempt: Attempt,
  write: () => void,
): Promise<boolean> {
  const { run, job, live } = attempt;
  if (!run.spec.watch) {
    write();
    return true;
  }
  const supervised = live.workspace !== null && isSupervised(attempt, live.workspace);
  if (supervised) await writeFirst(parts.states.pathOf(attempt.id), job.attempt);
  return parts.store.transaction(() => {
    const row = parts.store.reruns.get(run.id, job.attempt);
    if (!row || (row.givenAt === null && needsTaking(row, run))) return false;
    job.progress.supervised = supervised;
    write();
    if (row.givenAt === null) parts.store.reruns.note(run.id, row.number, { givenAt: parts.now() });
    return true;
  });
}
