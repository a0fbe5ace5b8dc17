import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';

/** What takes how much of the disk. */
export const df: JsonHandler<'df'> = {
  params: z.object({}),
  answer: async ({ diskUse }) => ok(await diskUse()),
};
