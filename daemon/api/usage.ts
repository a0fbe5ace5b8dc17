import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import { usageOf } from '../control/usage-of.ts';
import type { JsonHandler } from './handler.ts';
import { moment } from './params.ts';

/** What was used: GPU-hours and hours, of everybody's runs and of removed ones too. */
export const usage: JsonHandler<'usage'> = {
  params: z.object({ by: z.enum(['user', 'project', 'workflow', 'run']).optional(), since: moment }),
  answer: async ({ store, parts }, { by = 'user', since }) =>
    ok(usageOf(store, by, since === undefined ? 0 : Date.parse(since), parts.now())),
};
