import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import { noteFreed } from './audit.ts';
import type { JsonHandler } from './handler.ts';
import { flag } from './params.ts';

/** Frees what nothing refers to any more; with `dryRun` only says what. */
export const gc: JsonHandler<'gc'> = {
  params: z.object({ dryRun: flag }),
  answer: async (api, { dryRun = false }) => {
    const freed = await api.collectGarbage(dryRun);
    if (!dryRun) noteFreed(api, api.caller.user, freed);
    return ok(freed);
  },
};
