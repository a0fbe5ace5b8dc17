import { FailureError } from '../../../shared/result.ts';
import { EngineError } from '../../engine/engine.ts';
import type { RecordEnd } from '../../logs/logs.ts';
import type { End } from '../../store/records.ts';
import type { Executor } from './executor.ts';
import { openRecording } from './recording.ts';

/** How far the clocks of this machine and the engine's may be apart, at the least (ms); else the engine's record is read once more than needed. */
const clockTolerance = 100;

/** Sees the record of the output complete: what this process took, or else the engine's own record, before the container goes. */
export const collectLog: Executor = async ({ parts, attempt, container }) => {
  const { job, live } = attempt;
  const taken: RecordEnd = live.recording ? await live.recording.end : { complete: false, why: 'the daemon was not there to take it' };
  const takenAt = live.recording?.endedAt ?? parts.now();
  // who follows the engine's own record may be told its end before the last line of it, if that has no end (seen on Docker 20.10)
  const mayLack = live.recording?.from === 'engine';
  live.recording = null;
  let end = taken;
  if (container && (!taken.complete || mayLack || brokeOff(takenAt, job.progress.end))) {
    try {
      end = await openRecording(parts, attempt).recordFrom(await parts.engine.logs(attempt.container, false, parts.signal));
    } catch (error) {
      // the container went in between: what is there is all there will be
      if (!(error instanceof EngineError) || error.kind !== 'not_found') throw error;
    }
  }
  const closed = await parts.logs.close(job);
  if (end.complete) end = closed;
  // the container is still there, unseen: it is asked for, and the engine's record is read
  if (!end.complete && live.endedCleanly) return void (live.endedCleanly = false);
  // the container is kept until there is room for what it printed
  if (!end.complete && end.diskFull && container) throw new FailureError({ code: 'disk_full', message: end.why });
  const neverRan = !container && job.progress.startIntent === null;
  job.progress.log = end.complete || neverRan ? 'complete' : { incomplete: end.why };
  parts.store.jobs.update(job);
};

/** The end of what could be seen live may be that of the connection: then it is not that of the container. */
const brokeOff = (endedAt: number, end: End | null): boolean =>
  end !== null && (end.epochChanged || endedAt < end.finishedAt - clockTolerance);
