import type { Ended } from '../../../shared/states.ts';
import { freshProgress, type End, type RunRecord } from '../../store/records.ts';
import { recordUsage } from '../record-usage.ts';
import { isGang } from '../gangs/gang.ts';
import type { Executor } from './executor.ts';
import type { Outcome } from '../outcome.ts';
import { finishGang } from './finish-gang.ts';
import { judge } from './judge.ts';

/** The attempt's last state, the tag and the next attempt, all in one transaction. */
export const finish: Executor = async (given) => {
  const { parts, attempt, changed, reschedule } = given;
  const { job, run } = attempt;
  if (isGang(run)) return finishGang(given);
  const { state, progress } = job;
  const now = parts.now();
  const { end } = progress;
  const placed = 'host' in state && 'gpus' in state ? { host: state.host, gpus: state.gpus } : { host: null, gpus: [] };
  const ended: Ended = {
    since: now,
    startedAt: end?.startedAt ?? null,
    finishedAt: end?.finishedAt ?? now,
    exitCode: end?.exitCode ?? null,
    ...placed,
  };
  const { outcome, again, pause } = await judge(parts, attempt);
  parts.store.transaction(() => {
    recordUsage(parts, attempt);
    if (again !== null && 'reason' in outcome) {
      job.state = { status: 'interrupted', since: now, reason: outcome.reason, cause: again, ...placed };
      parts.store.jobs.insert({
        runId: run.id,
        job: job.job,
        attempt: job.attempt + 1,
        state: { status: 'queued', since: now, notBefore: pause > 0 ? now + pause * 1000 : null, preempted: again === 'preempted' },
        progress: freshProgress(),
        open: true,
      });
    } else if (outcome.status === 'failed') {
      job.state = { status: 'failed', reason: outcome.reason, reasonCode: outcome.code, ...ended };
    } else if (outcome.status !== 'preempted') {
      job.state = { status: outcome.status, ...ended };
      if (run.tag !== null && isGoodEnd(outcome, run, end)) {
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
