import { fail, ok, type Result } from '../../shared/result.ts';
import type { Store } from '../store/store.ts';
import type { Caller } from '../users/caller.ts';

/** Unfinished runs of one user of several: the scheduler looks at all of them, for everybody. */
const mostUnfinished = 10_000;

/** Fails with `too_many` where a user of a shared daemon has that many runs that are not finished. */
export function checkQueue(
  store: Pick<Store, 'runs'>,
  { user, shared }: Pick<Caller, 'user' | 'shared'>,
  most = mostUnfinished,
): Result<void> {
  if (!shared || store.runs.countOpenOf(user) < most) return ok(undefined);
  return fail(
    'too_many',
    `You have ${most} runs that are not finished: more than that one user may not have`,
    'See them with: dstack ps -a',
  );
}
