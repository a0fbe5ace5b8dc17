import { formatDuration } from '../../../shared/units.ts';
import { heldLeft } from '../watch/watch-view.ts';
import type { Executor } from './executor.ts';

/** It ran as long as it may, or a watch has waited without a container for as long as it may do nothing: it is stopped like by a user, and its end says why. */
export const expire: Executor = async ({ parts, attempt }) => {
  const { run } = attempt;
  // somebody may have asked for its end just now: that stands
  if (parts.store.runs.byId(run.id)?.intent) return;
  const idle = (heldLeft(parts, attempt) ?? 1) <= 0;
  parts.store.transaction(() => {
    const at = parts.now();
    if (idle) {
      const detail = `waited for a change without a container for ${formatDuration(run.spec.idleTimeout ?? 0)} (idle_timeout)`;
      parts.store.audit.add({ at, user: 'daemon', action: 'stop', run: run.name, owner: run.user, detail });
      return parts.store.runs.setIntent(run.id, { how: 'stop', at, reason: 'idle_timeout', detail });
    }
    const detail = `ran for ${formatDuration(run.spec.maxDuration ?? 0)} (max_duration)`;
    parts.store.audit.add({ at, user: 'daemon', action: 'stop', run: run.name, owner: run.user, detail });
    parts.store.runs.setIntent(run.id, { how: 'stop', at, reason: 'max_duration' });
  });
};
