import { downloadsName } from '../environments/downloads.ts';
import type { ControlParts } from './parts.ts';

/**
 * What pip and uv downloaded that may go: what nobody's containers have used for longer than the retention, while none may now; and above the config's limit that of
 * whoever has most, unless a run of theirs may use it now.
 */
export function downloadsToGo<T extends { user: string; bytes: number; usedAt: number }>(
  { config, store, now }: Pick<ControlParts, 'config' | 'store' | 'now'>,
  all: readonly T[],
): T[] {
  const seconds = config.retention.downloads;
  const open = store.jobs.open();
  const users = new Set(open.map(({ runId }) => downloadsName(store.runs.byId(runId)?.owner ?? null)));
  const gone = all.filter(({ usedAt }) => seconds !== null && usedAt <= now() - seconds * 1000 && open.length === 0);
  let left = all.reduce((sum, one) => sum + (gone.includes(one) ? 0 : one.bytes), 0);
  for (const one of all.filter((some) => !gone.includes(some)).toSorted((a, b) => b.bytes - a.bytes)) {
    if (left <= config.environments.maxDownloads) break;
    if (users.has(one.user)) continue;
    gone.push(one);
    left -= one.bytes;
  }
  return gone;
}
