/**
 * What to do next in the container of a watch, which runs. Pure: what is wanted (the newest attempts), what the supervisor says → one step.
 *
 *   begun ── ends by itself ───────────────────────────── ended, and waits for the next one that is wanted
 *     │ another is wanted, or somebody stops it             │
 *     └─ end: SIGTERM ─ the grace period ─ SIGKILL ── ended ─┤
 *                                       └ something stays ───┤ it needs a fresh container, cannot have its files in this one, or the last one cannot be got rid of
 *                                                   retire ──┴─ begin: in this container
 *
 * A container without a supervisor is the attempt itself: it is retired to end it.
 */
import type { RerunRecord } from '../../store/records.ts';
import type { WatchState } from './state.ts';

export type WatchDecision =
  | { do: 'noteRerun' | 'beginRerun' | 'endRerun' | 'killRerun' }
  | { do: 'retire'; why: string }
  | { do: 'wait'; ms: number | null };

export interface WatchSeen {
  /** the newest first, two at least where there are two */
  reruns: readonly RerunRecord[];
  /** null: its container has no supervisor */
  state: WatchState | null;
  /** how long ago this process told the supervisor to begin, end and kill this attempt (ms); null: it has not */
  told: { begin: number | null; end: number | null; kill: number | null };
  /** ms */
  grace: number;
}

/** When the supervisor is told again what it seems not to have heard (ms). */
const tellAgainAfter = 1_000;
/** How long after SIGKILL an attempt may still be there before its container goes (ms). */
const killedFor = 10_000;

const wait = (ms: number | null): WatchDecision => ({ do: 'wait', ms });
const after = (since: number | null, ms: number): number => Math.max(0, ms - (since ?? 0));

export function planWatch({ reruns, state, told, grace }: WatchSeen): WatchDecision {
  const given = reruns.find((one) => one.givenAt !== null);
  const [newest] = reruns;
  const wanted = newest?.givenAt === null ? newest : null;
  // the container was started with one: there is none only where the store was put back to an older state
  if (!given) return wait(null);
  if (state === null) {
    if (wanted)
      return { do: 'retire', why: wanted.fresh ?? (wanted.cause === 'change' ? 'the files changed' : 'another attempt was asked for') };
    return given.stopAskedAt === null ? wait(null) : { do: 'retire', why: 'it was stopped' };
  }
  if (state.ended?.stopped) return wait(null);
  if (state.stuck === given.number) return { do: 'retire', why: 'something of the last attempt could not be ended' };
  const hasEnded = given.endedAt !== null || state.ended?.attempt === given.number;
  if (!hasEnded) {
    if (state.refused === given.number) return { do: 'retire', why: 'its files could not be brought into the container' };
    // it begins with its first by itself, and nobody reads the pipes before
    if (state.begun?.attempt !== given.number && !state.up) return wait(null);
    if (state.begun?.attempt !== given.number)
      return told.begin === null || told.begin >= tellAgainAfter ? { do: 'beginRerun' } : wait(after(told.begin, tellAgainAfter));
    if (wanted || given.stopAskedAt !== null) return ending(given, told, grace);
    return given.startedAt === null ? { do: 'noteRerun' } : wait(null);
  }
  if (wanted) {
    // that takes its time: what is over is shown as over
    if ((wanted.fresh !== null || wanted.spec !== null) && given.endedAt === null) return { do: 'noteRerun' };
    if (wanted.fresh !== null || wanted.spec !== null) return { do: 'retire', why: wanted.fresh ?? 'the workflow changed' };
    return { do: 'beginRerun' };
  }
  return given.endedAt === null ? { do: 'noteRerun' } : wait(null);
}

function ending({ startedAt }: RerunRecord, told: WatchSeen['told'], grace: number): WatchDecision {
  if (told.kill !== null)
    return told.kill >= killedFor ? { do: 'retire', why: 'the last attempt could not be ended' } : wait(after(told.kill, killedFor));
  if (told.end === null) return { do: 'endRerun' };
  // who watches is shown that it is being ended, and not that it is about to begin
  if (startedAt === null) return { do: 'noteRerun' };
  return told.end >= grace ? { do: 'killRerun' } : wait(after(told.end, grace));
}
