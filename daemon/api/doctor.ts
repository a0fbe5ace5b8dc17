import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';

export const doctor: JsonHandler<'doctor'> = {
  params: z.object({}),
  answer: async ({ diagnose, reloadConfig, caller }) => {
    const config = await reloadConfig();
    // it names runs of others, and what the administrator's command said
    const checks = (await diagnose()).filter(({ name }) => name !== 'notify' || !caller.shared || caller.admin);
    if (config.ok) return ok(checks);
    const { message, hint = 'Mend the file: it is read again at once.' } = config.failure;
    return ok([{ name: 'settings', status: 'error', message, fix: hint }, ...checks]);
  },
};
