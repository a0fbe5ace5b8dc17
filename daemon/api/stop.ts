import { z } from 'zod';
import { fail, ok } from '../../shared/result.ts';
import { isUnfinished } from '../control/run-status.ts';
import { viewRun } from '../control/view.ts';
import type { JsonHandler } from './handler.ts';
import { flag, names, projectDir } from './params.ts';
import { selectRuns } from './select-runs.ts';

/** Asks unfinished runs to end: gracefully, or at once with `abort`. Answers as soon as that is written down. */
export const stop: JsonHandler<'stop'> = {
  params: z.object({ names, all: flag, projectDir, abort: flag }),
  answer: async ({ store, control }, request) => {
    const selected = selectRuns(store, request);
    if (!selected.ok) return selected;
    const unfinished = selected.value.filter((run) => isUnfinished(store.jobs.ofRun(run.id)));
    const finished = selected.value.find((run) => !unfinished.includes(run));
    if (!request.all && finished)
      return fail('finished', `The run '${finished.name}' is finished already`, `See it with: dstack ps ${finished.name}`);
    for (const run of unfinished) control.requestEnd(run.id, request.abort ? 'abort' : 'stop');
    return ok(unfinished.map((run) => viewRun(store, control, store.runs.byId(run.id) ?? run)));
  },
};
