import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';
import { flag } from './params.ts';

export const df: JsonHandler<'df'> = {
  params: z.object({}),
  answer: async ({ diskUse }) => ok(await diskUse()),
};

export const gc: JsonHandler<'gc'> = {
  params: z.object({ dryRun: flag }),
  answer: async ({ collectGarbage }, { dryRun }) => ok(await collectGarbage(dryRun ?? false)),
};
