import type { Executor } from './executor.ts';
import { awaitExit, keepRecording, openRecording } from './recording.ts';

/**
 * Takes up the output of a container that was started before this process was, or whose output broke off: from the engine's own record, behind
 * what is on disk already.
 */
export const followLog: Executor = async ({ parts, attempt, wake }) => {
  const log = await parts.engine.logs(attempt.container, true, parts.signal);
  keepRecording(parts, attempt, 'engine', openRecording(parts, attempt).recordFrom(log), wake);
  awaitExit(parts, attempt, wake);
};
