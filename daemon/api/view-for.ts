import type { Run } from '../../shared/api.ts';
import { tokenOf } from '../control/submit/run-token.ts';
import { viewRun } from '../control/view/view.ts';
import type { RunRecord } from '../store/records.ts';
import { may, owns } from '../users/caller.ts';
import type { ApiParts } from './handler.ts';

/**
 * A run as the caller may see it. Of somebody else's, what a queue needs: whose it is, what it asks for, where it stands and what it holds; not what it
 * is about (project, tags, paths, and reasons that quote its files and images).
 */
export function viewFor(api: Pick<ApiParts, 'store' | 'control' | 'caller' | 'secrets'>, run: RunRecord): Run {
  const { store, control, caller } = api;
  const seen = viewRun(store, control, run, tokenFor(api, run));
  if (may(caller, 'read', run)) return seen;
  return { ...seen, project: '', tags: [], artifacts: [], urls: [], reason: seen.position === null ? null : seen.reason };
}

/** The token of what a run serves, for its owner and the administrator; null: it has none, or they are not the caller. One that cannot be opened is as good as none. */
export function tokenFor({ caller, secrets }: Pick<ApiParts, 'caller' | 'secrets'>, run: RunRecord): string | null {
  if (!owns(caller, run) && !caller.admin) return null;
  const token = tokenOf(secrets, run);
  return token.ok ? token.value : null;
}
