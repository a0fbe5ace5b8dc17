import type { Decision, Situation } from '../../../../daemon/scheduler/model.ts';

/** One way to decide. `truth` gives the true run time (ms) of a waiting run; only what is called perfect may ask it. */
export interface Policy {
  name: string;
  decide(situation: Situation, truth: (id: string) => number): Pick<Decision, 'placements' | 'preemptions' | 'again'>;
}

/** A peer neither preempts nor asks to be called again. */
export const only = (placements: Decision['placements']): ReturnType<Policy['decide']> => ({ placements, preemptions: [], again: null });

/** Oldest first. */
export const byAge = (a: { submittedAt: number; id: string }, b: { submittedAt: number; id: string }): number =>
  a.submittedAt - b.submittedAt || (a.id < b.id ? -1 : 1);
