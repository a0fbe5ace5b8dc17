import type { Check } from '../../shared/api.ts';
import { fine, warning } from './check.ts';

/** Whether those whom `notify:` names are told; nothing where it names nobody. `problem`: of the last one that was not. */
export function checkNotify(notifiers: number, problem: string | null): Check[] {
  if (notifiers === 0) return [];
  if (problem !== null)
    return [warning('notify', `${problem}.`, 'Mend `notify` in the config (dstack config); dstack daemon logs has all of them')];
  return [fine('notify', `${notifiers === 1 ? 'One is' : `${notifiers} are`} told when a run ends.`)];
}
