import { z } from 'zod';
import { fail, ok } from '../../shared/result.ts';
import { isUnfinished, runState } from '../control/run-status.ts';
import { noteDown } from './audit.ts';
import type { JsonHandler } from './handler.ts';
import { flag, inProject, names } from './params.ts';
import { selectRuns } from './select-runs.ts';
import { viewFor } from './view-for.ts';

/** Asks unfinished runs to end: gracefully, or at once with `abort`. Answers as soon as that is written down. */
export const stop: JsonHandler<'stop'> = {
  params: z.object({ names, all: flag, ...inProject, abort: flag }),
  answer: async (api, request) => {
    const { store, control } = api;
    const selected = selectRuns(api, request);
    if (!selected.ok) return selected;
    const unfinished = selected.value.filter((run) => isUnfinished(store.jobs.ofRun(run.id)));
    const finished = selected.value.find((run) => !unfinished.includes(run));
    if (!request.all && finished)
      return fail('finished', `The run '${finished.name}' is finished already`, `See it with: dstack ps ${finished.name}`);
    // one wait for the disk, however many they are
    store.transaction(() => {
      for (const run of unfinished) {
        const { status } = runState(store.jobs.ofRun(run.id));
        noteDown(api, request.abort ? 'abort' : 'stop', run, run.intent ? 'was stopping' : `was ${status}`);
        control.requestEnd(run.id, request.abort ? 'abort' : 'stop');
      }
    });
    return ok(unfinished.map((run) => viewFor(api, store.runs.byId(run.id) ?? run)));
  },
};
