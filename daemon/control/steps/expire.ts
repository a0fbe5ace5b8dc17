import { formatDuration } from '../../../shared/units.ts';
import type { Executor } from './executor.ts';

/** It ran as long as it may: it is stopped like by a user, and its end says why. */
export const expire: Executor = async ({ parts, attempt }) => {
  const { run } = attempt;
  // somebody may have asked for its end just now: that stands
  if (parts.store.runs.byId(run.id)?.intent) return;
  parts.store.transaction(() => {
    const at = parts.now();
    const detail = `ran for ${formatDuration(run.spec.maxDuration ?? 0)} (max_duration)`;
    parts.store.audit.add({ at, user: 'daemon', action: 'stop', run: run.name, owner: run.user, detail });
    parts.store.runs.setIntent(run.id, { how: 'stop', at, reason: 'max_duration' });
  });
};
