import type { RerunCause, RerunEnd } from '../../../shared/api.ts';
import type { InterruptionCause } from '../../../shared/states.ts';
import { freshProgress, freshRerun, type JobRecord, type RerunRecord } from '../../store/records.ts';
import { endedAt, placeOf } from '../ended.ts';
import type { Verdict } from '../outcome.ts';
import { recordUsage } from '../record-usage.ts';
import { noteSeen } from '../watch/note-seen.ts';
import { nothingYet, readWatchState, type WatchState } from '../watch/state.ts';
import type { Executor } from './executor.ts';
import { judge } from './judge.ts';

/** The end of a watch's container, and the next one in its place, in one transaction; or the end of the watch. */
export const finishWatch: Executor = async ({ parts, attempt, changed, reschedule, follow }) => {
  const { job, run } = attempt;
  const now = parts.now();
  const verdict = await judge(parts, attempt);
  const { outcome, again } = verdict;
  const supervised = job.progress.supervised === true;
  const state = supervised ? await readWatchState(parts.states.pathOf(attempt.id)) : nothingYet;
  const next = parts.store.transaction((): JobRecord | null => {
    recordUsage(parts, attempt);
    if (supervised) noteSeen(parts.store, run.id, state);
    const last = parts.store.reruns.given(run.id);
    // of an earlier container, where none began in this one
    const runs = last !== null && last.number >= job.attempt ? last : null;
    const cutShort = runs !== null && runs.endedAt === null;
    if (runs && cutShort) parts.store.reruns.note(run.id, runs.number, endOf(runs, job, state, again === null, now));
    if (again === null) {
      if (outcome.status === 'failed')
        job.state = { status: 'failed', reason: outcome.reason, reasonCode: outcome.code, ...endedAt(job, now) };
      else if (outcome.status !== 'preempted') job.state = { status: outcome.status, ...endedAt(job, now) };
      parts.store.jobs.update(job);
      const ended = parts.store.reruns.given(run.id);
      if (outcome.status === 'stopped' && run.tag !== null && ended?.how === 'itself' && ended.exitCode === 0)
        parts.store.tags.put({ project: run.project, tag: run.tag, runId: run.id, createdAt: now });
      return null;
    }
    // one that could not even be made: what was wanted is over, and waits for a change
    const [newest] = parts.store.reruns.newest(run.id, 1);
    if (runs === null && newest?.number === job.attempt)
      parts.store.reruns.note(run.id, newest.number, { givenAt: now, endedAt: now, how: 'container' });
    const cause = comesByItself(again);
    if (cause !== null && runs && cutShort && newest?.number === runs.number) parts.store.reruns.put(sameAgain(runs, cause, now));
    const following = successor(job, verdict, now);
    job.state = { status: 'interrupted', since: now, reason: reasonOf(verdict), cause: again, ...placeOf(job) };
    parts.store.jobs.update(job);
    const given = parts.store.reruns.given(run.id);
    const one = { ...following, attempt: Math.max(job.attempt, given?.number ?? 0) + 1 };
    parts.store.jobs.insert(one);
    return one;
  });
  if (job.progress.log === null) await parts.logs.close(job);
  changed();
  if (next && next.state.status !== 'queued') follow(next);
  reschedule();
};

/** How an attempt ended whose container did so before anything was said of it. */
function endOf(
  runs: RerunRecord,
  { progress }: JobRecord,
  state: WatchState,
  over: boolean,
  now: number,
): Pick<RerunRecord, 'startedAt' | 'endedAt' | 'how' | 'exitCode'> {
  const { end, supervised } = progress;
  const how = howEnded(runs, progress, over);
  const own = state.ended?.attempt === runs.number ? state.ended : null;
  return {
    startedAt: runs.startedAt ?? (supervised ? null : (end?.startedAt ?? null)),
    endedAt: Math.max(runs.startedAt ?? 0, Math.round(own?.at ?? end?.finishedAt ?? now)),
    how,
    // that of the container is its supervisor's
    exitCode: supervised ? (own?.exitCode ?? null) : (end?.exitCode ?? null),
  };
}

function howEnded({ stopAskedAt }: RerunRecord, progress: JobRecord['progress'], over: boolean): RerunEnd {
  const { end, retired, supervised } = progress;
  if (end?.problem) return 'container';
  if (over || stopAskedAt !== null) return 'stopped';
  if (retired) return 'changed';
  const told = progress.terminatedAt !== null || progress.killedAt !== null;
  return supervised || told || end?.exitCode == null || end.epochChanged || end.outOfMemory ? 'container' : 'itself';
}

function comesByItself(again: InterruptionCause): RerunCause | null {
  switch (again) {
    case 'host':
    case 'preempted':
      return again;
    case 'failed':
    case 'watch':
      return null;
  }
}

const sameAgain = ({ runId, number, tree }: RerunRecord, cause: RerunCause, now: number): RerunRecord =>
  freshRerun({ runId, number: number + 1, tree, cause, askedAt: now });

/** The container after this one: in its place, unless that goes to another run or was the wrong one. */
function successor({ runId, job, state, progress, attempt }: JobRecord, { again }: Verdict, now: number): JobRecord {
  const code = progress.end?.problem?.code;
  const keeps =
    'gpus' in state && 'host' in state && state.host !== null && again !== 'preempted' && code !== 'gpus' && code !== 'gpus_taken';
  return {
    ...{ runId, job, attempt, progress: freshProgress(), open: true },
    state: keeps
      ? { status: 'preparing', since: now, host: state.host ?? '', gpus: state.gpus ?? [] }
      : { status: 'queued', since: now, notBefore: null, preempted: again === 'preempted' },
  };
}

const reasonOf = ({ outcome }: Verdict): string => ('reason' in outcome ? outcome.reason : 'its container ended');
