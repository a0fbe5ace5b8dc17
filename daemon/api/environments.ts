import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';

export const envList: JsonHandler<'envList'> = {
  params: z.object({}),
  answer: async () => ok([]),
};

export const envRm: JsonHandler<'envRm'> = {
  params: z.object({ keys: z.array(z.string()).optional(), all: z.boolean().optional() }) as never,
  answer: async () => ok({ removed: [], kept: [], bytes: 0 }),
};
