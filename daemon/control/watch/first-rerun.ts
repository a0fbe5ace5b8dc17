import { freshRerun, type RerunRecord, type RunRecord } from '../../store/records.ts';

/** The first attempt of a watch; none where the run is no watch. */
export const firstRerun = ({ id, spec }: Pick<RunRecord, 'id' | 'spec'>, now: number): RerunRecord[] =>
  spec.watch === undefined ? [] : [freshRerun({ runId: id, number: 1, tree: spec.snapshot.tree, cause: 'start', askedAt: now })];
