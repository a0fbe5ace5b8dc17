import type { JobRecord, RunRecord } from '../../store/records.ts';
import { formatSize } from '../../../shared/units.ts';
import { intended, outcomeOf, type Verdict } from '../outcome.ts';

/** The verdict on a container of a watch: no failure ends it, only who says so. The next container has its place, unless it made room. */
export function watchVerdict(run: RunRecord, job: JobRecord): Verdict {
  const { end, preempted, retired } = job.progress;
  if (run.intent) return { outcome: intended(run.intent, (end?.startedAt ?? null) !== null, job.progress), again: null, pause: 0 };
  if (!end) {
    const reason = preempted ? `made room for ${preempted.for}` : 'never began';
    return { outcome: { status: 'preempted', reason }, again: preempted ? 'preempted' : 'watch', pause: 0 };
  }
  const memory = run.spec.jobs[job.job]?.memory ?? null;
  const outcome = outcomeOf(end, null, job.progress, memory === null ? null : formatSize(memory));
  if (outcome.status === 'preempted') return { outcome, again: 'preempted', pause: 0 };
  if (retired) return { outcome: { status: 'failed', code: 'killed', reason: retired.why }, again: 'watch', pause: 0 };
  if (outcome.status === 'failed' && outcome.code === 'host_restarted') return { outcome, again: 'host', pause: 0 };
  return { outcome, again: 'watch', pause: 0 };
}
