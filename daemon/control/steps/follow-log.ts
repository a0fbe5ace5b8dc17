import type { Executor } from './executor.ts';
import { awaitExit, keepRecording, openRecording } from './recording.ts';

/**
 * Takes up the output of a container that was started before this process was, or whose output broke off: from the engine's own record, behind
 * what is on disk already.
 */
export const followLog: Executor = async ({ parts, attempt, wake }) => {
  const { job, container: name } = attempt;
  const epoch = await parts.engine.epoch();
  if (epoch !== job.progress.engineEpoch && (await parts.engine.inspect(name))?.state.status === 'running') {
    // it has outlived a restart of its engine, which therefore is not what ends it
    job.progress.engineEpoch = epoch;
    parts.store.jobs.update(job);
  }
  const log = await parts.engine.logs(name, true, parts.signal);
  keepRecording(parts, attempt, openRecording(parts, attempt).recordFrom(log), wake);
  awaitExit(parts, attempt, wake);
};
