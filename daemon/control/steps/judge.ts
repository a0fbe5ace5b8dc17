import type { Attempt } from '../attempt.ts';
import { verdict, type Verdict } from '../outcome.ts';
import type { ControlParts } from '../parts.ts';

/** The verdict on an attempt that ended, in the light of the earlier ones. */
export function judge(parts: Pick<ControlParts, 'store' | 'config' | 'hosts'>, { run, job }: Attempt): Verdict {
  const before = parts.store.jobs.ofRun(run.id).filter((other) => other.job === job.job && other.attempt < job.attempt);
  return verdict(run, job, before, parts.config.retryDelay, parts.hosts());
}
