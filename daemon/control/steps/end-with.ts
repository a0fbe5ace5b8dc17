import type { Attempt } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';
import type { End } from '../../store/records.ts';

/** Records that no container could do the work, with why: the plan goes on to the attempt's end. */
export function endWith(
  parts: ControlParts,
  attempt: Attempt,
  code: NonNullable<End['problem']>['code'],
  message: string,
  exitCode: number | null = null,
): void {
  attempt.job.progress.end = {
    startedAt: null,
    finishedAt: parts.now(),
    exitCode,
    outOfMemory: false,
    byItself: false,
    epochChanged: false,
    problem: { code, message },
  };
  parts.store.jobs.update(attempt.job);
}
