import type { RunDetail } from '../../shared/api.ts';
import { isEnded } from '../../shared/states.ts';
import { became } from '../watch/attempts.ts';

/** That a log is empty, and what became of whatever did not print: `attempt 12 printed nothing; it ended with exit code 1 after 3.2 s`. */
export function printedNothing(
  { name, status, attempts }: Pick<RunDetail, 'name' | 'status' | 'attempts'>,
  { attempt, node = 0 }: { attempt?: number; node?: number },
): string {
  const one = attempts.find((info) => info.attempt === attempt && info.job === node);
  const what = attempt === undefined ? name : `attempt ${attempt}`;
  const over = one === undefined ? isEnded(status) : one.finishedAt !== null;
  if (!over) return `${what} has printed nothing yet`;
  if (!one?.how) return `${what} printed nothing; it is ${one?.status ?? status}${one?.exitCode ? ` with exit code ${one.exitCode}` : ''}`;
  return `${what} printed nothing; it ${became(one, 0).replace(/^stopped/, 'was stopped')}`;
}
