import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';

export const doctor: JsonHandler<'doctor'> = {
  params: z.object({}),
  answer: async ({ diagnose, reloadConfig }) => {
    const config = await reloadConfig();
    const checks = await diagnose();
    if (config.ok) return ok(checks);
    const { message, hint = 'Mend the file: it is read again at once.' } = config.failure;
    return ok([{ name: 'settings', status: 'error', message, fix: hint }, ...checks]);
  },
};
