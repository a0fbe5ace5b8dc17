import type { Executor } from './executor.ts';
import { awaitExit, openRecording } from './recording.ts';

/** Takes up the output of a container that was started before this process was: from the engine's own record, behind what is on disk already. */
export const followLog: Executor = async ({ parts, attempt, wake }) => {
  const log = await parts.engine.logs(attempt.container, true, parts.signal);
  const recording = openRecording(parts, attempt).recordFrom(log);
  void recording.then(wake, wake);
  attempt.live.recording = recording;
  awaitExit(parts, attempt, wake);
};
