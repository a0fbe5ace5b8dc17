import type { End, RunRecord } from '../../store/records.ts';
import { endedAt, nextAttempt, placeOf } from '../ended.ts';
import { recordUsage } from '../record-usage.ts';
import { isGang } from '../gangs/gang.ts';
import type { Executor } from './executor.ts';
import type { Outcome } from '../outcome.ts';
import { finishGang } from './finish-gang.ts';
import { finishWatch } from './finish-watch.ts';
import { judge } from './judge.ts';

/** The attempt's last state, the tag and the next attempt, all in one transaction. */
export const finish: Executor = async (given) => {
  const { parts, attempt, changed, reschedule } = given;
  const { job, run } = attempt;
  if (run.spec.watch) return finishWatch(given);
  if (isGang(run)) return finishGang(given);
  const { progress } = job;
  const now = parts.now();
  const placed = placeOf(job);
  const ended = endedAt(job, now);
  const { outcome, again, pause } = await judge(parts, attempt);
  parts.store.transaction(() => {
    recordUsage(parts, attempt);
    if (again !== null && 'reason' in outcome) {
      job.state = { status: 'interrupted', since: now, reason: outcome.reason, cause: again, ...placed };
      parts.store.jobs.insert(nextAttempt(job, now, again, pause));
    } else if (outcome.status === 'failed') {
      job.state = { status: 'failed', reason: outcome.reason, reasonCode: outcome.code, ...ended };
    } else if (outcome.status !== 'preempted') {
      job.state = { status: outcome.status, ...ended };
      if (run.tag !== null && isGoodEnd(outcome, run, progress.end)) {
        parts.store.tags.put({ project: run.project, tag: run.tag, runId: run.id, createdAt: now });
      }
    }
    parts.store.jobs.update(job);
  });
  if (progress.log === null) await parts.logs.close(job);
  changed();
  reschedule();
};

/** Whether it ended as it should, which its tag waits for. Somebody stops what serves, or its inactivity does: it has no other good end. */
const isGoodEnd = ({ status }: Outcome, run: RunRecord, end: End | null): boolean =>
  status === 'done' || (status === 'stopped' && (run.spec.jobs[0]?.app ?? null) !== null && (end?.startedAt ?? null) !== null);
