import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';

export const doctor: JsonHandler<'doctor'> = {
  params: z.object({}),
  answer: async ({ diagnose, reloadConfig }) => {
    const config = await reloadConfig();
    return config.ok ? ok(await diagnose()) : config;
  },
};
