import { noteTold } from '../watch/live-watch.ts';
import { tellSupervisor } from '../watch/state.ts';
import type { Executor } from './executor.ts';
import { retireFor } from './retire.ts';

const tell =
  (how: 'end' | 'kill'): Executor =>
  async (given) => {
    const { parts, attempt, changed } = given;
    const runs = parts.store.reruns.given(attempt.run.id);
    if (!runs || !attempt.live.watch) return;
    if (!(await tellSupervisor(parts.states.pathOf(attempt.id), 'end', `${how} ${runs.number}`)))
      return retireFor(given, 'the supervisor in its container does not listen');
    noteTold(attempt.live.watch, runs.number, how);
    changed();
  };

/** SIGTERM to all processes of the attempt that runs; its container stays. */
export const endRerun = tell('end');

/** SIGKILL, when the grace period is over. */
export const killRerun = tell('kill');
