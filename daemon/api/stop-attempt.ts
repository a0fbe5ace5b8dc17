import { z } from 'zod';
import { fail, ok } from '../../shared/result.ts';
import { findRun } from './find-run.ts';
import type { JsonHandler } from './handler.ts';

/** Ends what runs in a watch; the watch goes on. Fails with `no_watch` and `nothing_runs`. */
export const stopAttempt: JsonHandler<'stopAttempt'> = {
  params: z.object({ name: z.string() }),
  answer: async (api, { name }) => {
    const found = findRun(api, name, 'end');
    if (!found.ok) return found;
    const run = found.value;
    if (!run.spec.watch) return fail('no_watch', `The run '${name}' is not watched`, `To end it: dstack stop ${name}`);
    const attempt = api.control.stopAttempt(run.id);
    if (attempt === null) return fail('nothing_runs', `No attempt of ${name} runs now`, `See it with: dstack ps ${name}`);
    return ok({ attempt });
  },
};
