import { EngineError } from '../../engine/engine.ts';
import type { RecordEnd } from '../../logs/logs.ts';
import type { Executor } from './executor.ts';
import { openRecording } from './recording.ts';

/** Sees the record of the output complete: what this process took, or else the engine's own record, before the container goes. */
export const collectLog: Executor = async ({ parts, attempt, container }) => {
  const { job, live } = attempt;
  let end: RecordEnd = live.recording ? await live.recording : { complete: false, why: 'the daemon was not there to take it' };
  live.recording = null;
  if (!end.complete && container) {
    try {
      end = await openRecording(parts, attempt).recordFrom(await parts.engine.logs(attempt.container, false, parts.signal));
    } catch (error) {
      // the container went in between: what is there is all there will be
      if (!(error instanceof EngineError) || error.kind !== 'not_found') throw error;
    }
  }
  const closed = await parts.logs.close(job);
  if (end.complete) end = closed;
  const neverRan = !container && job.progress.startIntent === null;
  job.progress.log = end.complete || neverRan ? 'complete' : { incomplete: end.why };
  parts.store.jobs.update(job);
};
