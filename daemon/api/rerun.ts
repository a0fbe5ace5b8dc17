import { z } from 'zod';
import { fail } from '../../shared/result.ts';
import { findRun } from './find-run.ts';
import type { JsonHandler } from './handler.ts';

/** The next attempt of a watch. */
export const rerun: JsonHandler<'rerun'> = {
  params: z.object({
    name: z.string(),
    projectDir: z.string(),
    project: z.string().optional(),
    snapshot: z.object({ tree: z.string(), commit: z.string().nullable(), branch: z.string().nullable(), dirty: z.boolean() }).optional(),
    seenAt: z.iso.datetime().optional(),
  }),
  answer: async (api, { name }) => {
    const found = findRun(api, name, 'own');
    if (!found.ok) return found;
    return fail('not_ready', 'To be filled in.');
  },
};
