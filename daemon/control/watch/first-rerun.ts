import type { RerunRecord, RunRecord } from '../../store/records.ts';

/** The first attempt of a watch; none where the run is no watch. */
export const firstRerun = ({ id, spec }: Pick<RunRecord, 'id' | 'spec'>, now: number): RerunRecord[] =>
  spec.watch === undefined
    ? []
    : [
        {
          ...{ runId: id, number: 1, tree: spec.snapshot.tree, cause: 'start', changed: [], changes: 0, seenAt: null, askedAt: now },
          ...{ givenAt: null, startedAt: null, stopAskedAt: null, endedAt: null, how: null, exitCode: null, fresh: null, spec: null },
        },
      ];
