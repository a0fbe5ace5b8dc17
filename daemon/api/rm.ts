import { z } from 'zod';
import { fail, ok } from '../../shared/result.ts';
import { isUnfinished } from '../control/run-status.ts';
import type { JsonHandler } from './handler.ts';
import { flag, names, projectDir } from './params.ts';
import { selectRuns } from './select-runs.ts';

/** Removes finished runs from the list. Artifacts that a tag points to stay; the rest is for `gc`. */
export const rm: JsonHandler<'rm'> = {
  params: z.object({ names, all: flag, projectDir }),
  answer: async ({ store, parts }, request) => {
    const selected = selectRuns(store, request);
    if (!selected.ok) return selected;
    const finished = selected.value.filter((run) => !isUnfinished(store.jobs.ofRun(run.id)));
    const unfinished = selected.value.find((run) => !finished.includes(run));
    if (!request.all && unfinished) {
      return fail('unfinished', `The run '${unfinished.name}' is not finished yet`, `Stop it first: dstack stop ${unfinished.name}`);
    }
    const at = parts.now();
    store.transaction(() => {
      for (const run of finished) store.runs.setRemoved(run.id, at);
    });
    return ok({ removed: finished.map((run) => run.name) });
  },
};
