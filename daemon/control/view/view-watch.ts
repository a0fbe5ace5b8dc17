import type { AttemptInfo, WatchView } from '../../../shared/api.ts';
import { isEnded, type Status } from '../../../shared/states.ts';
import { formatDuration } from '../../../shared/units.ts';
import type { JobRecord, RerunRecord, RunRecord } from '../../store/records.ts';
import type { WatchNews } from '../watch/watches.ts';
import { iso } from './iso.ts';

/** A watch as it is now. `reruns`: the newest first, three where there are three; `now`: its newest container. */
export function viewWatch(run: RunRecord, reruns: readonly RerunRecord[], now: JobRecord, news: WatchNews): WatchView | null {
  const { watch } = run.spec;
  const [newest] = reruns;
  if (!watch || !newest) return null;
  const given = reruns.find(({ givenAt }) => givenAt !== null) ?? newest;
  // one that is asked for is shown from when the one before has ended
  const one = given.endedAt === null && given !== newest ? given : newest;
  const before = reruns.find(({ number }) => number < one.number);
  const seen = one.seenAt ?? (one.cause === 'asked' ? one.askedAt : null);
  return {
    attempt: one.number,
    phase: phaseOf(one, one !== newest || one.stopAskedAt !== null || (run.intent !== null && !isEnded(now.state.status))),
    cause: one.cause,
    changed: one.changed,
    changes: one.changes,
    restartMs: seen === null || one.startedAt === null ? null : Math.max(0, one.startedAt - seen),
    startedAt: iso(one.startedAt),
    endedAt: iso(one.endedAt),
    exitCode: one.exitCode,
    how: one.how,
    before:
      before?.how == null
        ? null
        : {
            ...{ attempt: before.number, how: before.how, exitCode: before.exitCode },
            ranMs: before.startedAt === null || before.endedAt === null ? null : Math.max(0, before.endedAt - before.startedAt),
          },
    fresh: one.fresh,
    sees: news.sees ?? (watch.byClient ? 'nobody' : 'events'),
    notice: news.notice,
    ...(news.grace === undefined ? {} : { grace: news.grace }),
  };
}

const phaseOf = ({ startedAt, endedAt }: RerunRecord, ending: boolean): WatchView['phase'] =>
  endedAt !== null ? 'ended' : startedAt === null ? 'starting' : ending ? 'ending' : 'running';

/** What a watch does or waits for, in one sentence; null: nothing to add, or what its container does says it. */
export function watchReason(watch: WatchView, run: Pick<RunRecord, 'intent'>, { state }: Pick<JobRecord, 'state'>): string | null {
  if (run.intent || isEnded(state.status) || state.status === 'queued') return null;
  if (watch.phase === 'ending')
    return `attempt ${watch.attempt} is being ended${watch.grace === undefined ? '' : `, and killed after ${formatDuration(watch.grace)}`}`;
  if (watch.phase !== 'ended') return null;
  return `attempt ${watch.attempt} ${howEnded(watch, state)}; waiting for changes`;
}

function howEnded({ exitCode, how, startedAt }: WatchView, state: JobRecord['state']): string {
  if (how === 'stopped') return 'was stopped';
  if (exitCode !== null) return `ended with exit code ${exitCode}`;
  if (how === 'container' && startedAt === null) return 'could not start';
  return state.status === 'running' ? 'was ended' : 'ended with its container';
}

/** The attempts of a watch, each with the container that it ran in. */
export function viewReruns(
  reruns: readonly RerunRecord[],
  containers: readonly JobRecord[],
  nameOf: (job: JobRecord) => string,
): AttemptInfo[] {
  return reruns.map((one, i) => {
    const job = containers.findLast(({ attempt }) => attempt <= one.number) ?? containers[0];
    const state = job?.state;
    const isLast = i === reruns.length - 1 || reruns[i + 1]?.givenAt === null;
    const running = state?.status === 'running' || state?.status === 'stopping';
    const reason = one.how === 'container' ? reasonOf(job) : null;
    return {
      attempt: one.number,
      job: 0,
      status: statusOf(one, state?.status ?? 'queued'),
      cause: one.how === null || isLast ? null : 'watch',
      reason,
      host: state && 'host' in state ? state.host : null,
      gpus: state && 'gpus' in state ? state.gpus : [],
      container: job && running && one.endedAt === null && job.progress.end === null ? nameOf(job) : null,
      startedAt: iso(one.startedAt),
      finishedAt: iso(one.endedAt),
      exitCode: one.exitCode,
      changed: one.changed,
      how: one.how,
    };
  });
}

const reasonOf = (job: JobRecord | undefined): string | null =>
  job && 'reason' in job.state ? job.state.reason : (job?.progress.end?.problem?.message ?? null);

function statusOf({ how, exitCode, startedAt }: RerunRecord, container: Status): Status {
  switch (how) {
    case 'itself':
      return exitCode === 0 ? 'done' : 'failed';
    case 'changed':
    case 'stopped':
      return 'stopped';
    case 'container':
      return 'failed';
    case null:
      return startedAt !== null ? (container === 'stopping' ? 'stopping' : 'running') : container === 'queued' ? 'queued' : 'preparing';
  }
}
