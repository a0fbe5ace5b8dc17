import type { End } from '../../store/records.ts';
import { specOf } from '../attempt.ts';
import type { Executor } from './executor.ts';
import { notBegun } from './not-begun.ts';
import { portTaken, saysPortTaken } from './port-taken.ts';

/** Reads once how the container ended: from the engine, or where somebody removed it, from what its script and the engine's wait left. */
export const readEnd: Executor = async ({ parts, attempt, container, reschedule }) => {
  const { job, live } = attempt;
  if (container && container.state.status !== 'exited') return;
  // a start that failed, which an earlier daemon asked for and did not live to see
  if (container?.state.status === 'exited' && container.state.startedAt === null && saysPortTaken(container.state.error))
    return portTaken(parts, attempt, container.state.error);
  const left = await parts.states.read(attempt.id);
  // asked now, since the monitor may not know yet of the restart that ended it; while the engine goes down nobody answers, and we come again
  const epoch = await parts.engine.epoch();
  const epochChanged = job.progress.engineEpoch !== null && epoch !== job.progress.engineEpoch;
  // its end is the engine's to tell then, and what it printed
  if (epochChanged && live.endedCleanly) return void (live.endedCleanly = false);
  const startedAt = 'startedAt' in job.state ? job.state.startedAt : null;
  const common = { byItself: left.exitCode !== null, exitAt: left.exitAt, epochChanged, problem: null };
  let end: End;
  if (container?.state.status === 'exited') {
    const { state } = container;
    const problem = await notBegun(parts, attempt, left, state.exitCode);
    end = {
      ...common,
      startedAt: state.startedAt ?? startedAt,
      finishedAt: state.finishedAt,
      // what never began has none
      exitCode: problem ? null : state.exitCode,
      outOfMemory: state.outOfMemory,
      problem,
    };
  } else {
    const exitCode = left.exitCode ?? live.exitCode;
    const ranAt = startedAt ?? job.progress.startIntent;
    const gone = `the container of the run was removed by somebody else (\`docker rm\` or \`docker system prune\`) before its end was read`;
    const problem =
      exitCode === null ? ({ code: 'container_removed', message: gone } as const) : await notBegun(parts, attempt, left, exitCode);
    const noScript = specOf(attempt).start.kind !== 'script';
    end = {
      ...common,
      byItself: common.byItself || (noScript && exitCode !== null),
      // one that is over at once leaves its exit code before the engine has said that it runs
      startedAt: live.endedCleanly && ranAt !== null && left.exitAt !== null ? Math.min(ranAt, left.exitAt) : ranAt,
      finishedAt: left.exitAt ?? parts.now(),
      exitCode: problem ? null : exitCode,
      outOfMemory: false,
      problem,
    };
  }
  job.progress.end = end;
  parts.store.jobs.update(job);
  if (end.problem?.code === 'gpus' && 'gpus' in job.state) parts.gpus.suspects.add(job.state.gpus ?? [], attempt.run.name);
  // its GPUs are free: the rest is tidying up, for which nobody needs to wait
  reschedule();
};
