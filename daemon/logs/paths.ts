import { join } from 'node:path';
import type { AttemptId } from './logs.ts';

/** The files of one attempt's record. */
export interface RecordPaths {
  record: string;
  /** when what was printed (TimeIndex) */
  index: string;
  /** which stretches the engine's record does not have (ForeignList) */
  foreign: string;
  /** where its attempts begin (MarkIndex); only of a watch */
  marks: string;
  /** there: the record has ended */
  end: string;
}

/** A run's folder. */
export const runDir = (dir: string, runId: number): string => join(dir, String(runId));

export function recordPaths(dir: string, id: AttemptId): RecordPaths {
  const base = join(runDir(dir, id.runId), `${id.job}-${id.attempt}`);
  return { record: `${base}.log`, index: `${base}.idx`, foreign: `${base}.notes`, marks: `${base}.marks`, end: `${base}.end` };
}
