import type { Executor } from './executor.ts';

/** It ran as long as it may: it is stopped like by a user, and its end says why. */
export const expire: Executor = async ({ parts, attempt }) => {
  const { run } = attempt;
  if (run.intent) return;
  run.intent = { how: 'stop', at: parts.now(), reason: 'max_duration' };
  parts.store.runs.setIntent(run.id, run.intent);
};
