import type { Situation, UserLimits, Waiting } from './model.ts';

export interface Tally {
  gpus: number;
  runs: number;
  readonly limits: UserLimits;
}

/** Keeps count of what each user has at once. */
export interface Limits {
  /** whether the run would exceed what its user may have */
  exceeded(run: Waiting): boolean;
  /** it starts */
  add(run: Waiting): void;
  of(user: string): Tally;
}

export const gpusOf = (run: Pick<Waiting, 'jobs'>): number => {
  let gpus = 0;
  for (const job of run.jobs) gpus += job.gpu?.count ?? 0;
  return gpus;
};

export function createLimits(situation: Pick<Situation, 'running' | 'limits'>): Limits {
  const tallies = new Map<string, Tally>();
  const of = (user: string): Tally => {
    let tally = tallies.get(user);
    if (!tally) tallies.set(user, (tally = { gpus: 0, runs: 0, limits: situation.limits(user) }));
    return tally;
  };
  for (const run of situation.running) {
    const tally = of(run.user);
    tally.runs++;
    for (const job of run.jobs) tally.gpus += job.gpus.length;
  }
  return {
    of,
    exceeded(run) {
      const { gpus, runs, limits } = of(run.user);
      if (limits.runs !== null && runs + 1 > limits.runs) return true;
      if (limits.gpus === null) return false;
      const asked = gpusOf(run);
      return asked > 0 && gpus + asked > limits.gpus;
    },
    add(run) {
      const tally = of(run.user);
      tally.runs++;
      tally.gpus += gpusOf(run);
    },
  };
}
