import { z } from 'zod';
import { fail } from '../../shared/result.ts';
import { findRun } from './find-run.ts';
import type { JsonHandler } from './handler.ts';

/** Ends what runs in a watch; the watch goes on. */
export const stopAttempt: JsonHandler<'stopAttempt'> = {
  params: z.object({ name: z.string() }),
  answer: async (api, { name }) => {
    const found = findRun(api, name, 'own');
    if (!found.ok) return found;
    return fail('not_ready', 'To be filled in.');
  },
};
