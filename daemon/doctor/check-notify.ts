import type { Check } from '../../shared/api.ts';
import { fine, warning } from './check.ts';

/** Whether those whom `notify:` names are told; nothing where it names nobody. `problems`: of each that was not the last time, why. */
export function checkNotify(notifiers: number, problems: readonly string[]): Check[] {
  if (notifiers === 0) return [];
  if (problems.length > 0)
    return problems.map((why) =>
      warning(
        'notify',
        `${why}${why.endsWith('.') ? '' : '.'}`,
        'Mend `notify` in the config (dstack config); all that was tried: dstack daemon logs',
      ),
    );
  return [fine('notify', `${notifiers === 1 ? 'One is' : `${notifiers} are`} told when a run ends.`)];
}
