import type { Run } from '../../shared/api.ts';
import { viewRun } from '../control/view.ts';
import type { RunRecord } from '../store/records.ts';
import { may } from '../users/caller.ts';
import type { ApiParts } from './handler.ts';

/**
 * A run as the caller may see it. Of somebody else's, what a queue needs: whose it is, what it asks for, where it stands and what it holds; not what it
 * is about (project, tags, paths, and reasons that quote its files and images).
 */
export function viewFor({ store, control, caller }: Pick<ApiParts, 'store' | 'control' | 'caller'>, run: RunRecord): Run {
  const seen = viewRun(store, control, run);
  if (may(caller, 'read', run)) return seen;
  return { ...seen, project: '', tags: [], artifacts: [], reason: seen.position === null ? null : seen.reason };
}
