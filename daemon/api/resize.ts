import { z } from 'zod';
import { fail } from '../../shared/result.ts';
import { findRun } from './find-run.ts';
import type { JsonHandler } from './handler.ts';

/** The size of the terminal that a run's jobs have. */
export const resize: JsonHandler<'resize'> = {
  params: z.object({ name: z.string(), columns: z.number().int().min(1).max(10_000), rows: z.number().int().min(1).max(10_000) }),
  answer: async (api, { name }) => {
    const found = findRun(api, name, 'own');
    if (!found.ok) return found;
    return fail('not_ready', 'To be filled in.');
  },
};
