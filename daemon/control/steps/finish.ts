import type { Ended } from '../../../shared/states.ts';
import { freshProgress } from '../../store/records.ts';
import { verdict } from '../outcome.ts';
import type { Executor } from './executor.ts';

/** The attempt's last state, the tag and the next attempt, all in one transaction. */
export const finish: Executor = async ({ parts, attempt, changed, reschedule }) => {
  const { job, run } = attempt;
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
  const { outcome, again } = verdict(run, job);
  parts.store.transaction(() => {
    if (outcome.status !== 'failed') {
      job.state = { status: outcome.status, ...ended };
      if (outcome.status === 'done' && run.tag !== null) {
        parts.store.tags.put({ project: run.project, tag: run.tag, runId: run.id, createdAt: now });
      }
    } else if (again) {
      job.state = { status: 'interrupted', since: now, reason: outcome.reason };
      parts.store.jobs.insert({
        runId: run.id,
        job: job.job,
        attempt: job.attempt + 1,
        state: { status: 'queued', since: now },
        progress: freshProgress(),
        open: true,
      });
    } else {
      job.state = { status: 'failed', reason: outcome.reason, reasonCode: outcome.code, ...ended };
    }
    parts.store.jobs.update(job);
  });
  if (progress.log === null) await parts.logs.close(job);
  changed();
  reschedule();
};
