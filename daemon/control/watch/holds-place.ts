import type { JobRecord } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';

/**
 * Whether a job that was given a place still has it. From the moment that its end is known it holds nothing any more, the rest is tidying up; but the container of a watch leaves its place
 * to the next one.
 */
export function holdsPlace({ runs }: Pick<Store, 'runs'>, { runId, progress }: JobRecord): boolean {
  if (progress.end === null) return true;
  const code = progress.end.problem?.code;
  if (progress.preempted || code === 'gpus' || code === 'gpus_taken') return false;
  const run = runs.byId(runId);
  return run?.spec.watch !== undefined && run.intent === null;
}
