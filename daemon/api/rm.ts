import { z } from 'zod';
import { fail, ok } from '../../shared/result.ts';
import { isUnfinished, runState } from '../control/run-status.ts';
import { noteDown } from './audit.ts';
import type { JsonHandler } from './handler.ts';
import { flag, inProject, names } from './params.ts';
import { selectRuns } from './select-runs.ts';

/** Removes finished runs from the list. Artifacts that a tag points to stay; the rest is for `gc`. */
export const rm: JsonHandler<'rm'> = {
  params: z.object({ names, all: flag, ...inProject }),
  answer: async (api, request) => {
    const { store, parts } = api;
    const selected = selectRuns(api, request);
    if (!selected.ok) return selected;
    const finished = selected.value.filter((run) => !isUnfinished(store.jobs.ofRun(run.id)));
    const unfinished = selected.value.find((run) => !finished.includes(run));
    if (!request.all && unfinished) {
      return fail('unfinished', `The run '${unfinished.name}' is not finished yet`, `Stop it first: dstack stop ${unfinished.name}`);
    }
    const at = parts.now();
    store.transaction(() => {
      for (const run of finished) {
        store.runs.setRemoved(run.id, at);
        noteDown(api, 'rm', run, `was ${runState(store.jobs.ofRun(run.id)).status}`);
      }
    });
    return ok({ removed: finished.map((run) => run.name) });
  },
};
