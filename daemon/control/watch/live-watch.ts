import type { KnownContents } from './look-at-workspace.ts';
import type { WatchDecision } from './plan-watch.ts';
import type { Hearing } from './state.ts';

/** What this process holds in memory of a watch's container. */
export interface LiveWatch {
  /** the attempt that the supervisor was spoken to about, and when (performance.now()); null: it was not */
  told: { attempt: number; begin: number | null; end: number | null; kill: number | null };
  hears: Hearing | null;
  contents: KnownContents;
  /** what is to be done next, as it was decided just now */
  decision: WatchDecision;
}

export const freshLiveWatch = (): LiveWatch => ({
  told: { attempt: 0, begin: null, end: null, kill: null },
  hears: null,
  contents: new Map(),
  decision: { do: 'wait', ms: null },
});

/** Notes that the supervisor was just told this about an attempt. */
export function noteTold(live: LiveWatch, attempt: number, what: 'begin' | 'end' | 'kill'): void {
  if (live.told.attempt !== attempt) live.told = { attempt, begin: null, end: null, kill: null };
  live.told[what] = performance.now();
}
