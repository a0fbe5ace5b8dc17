import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';

/** What the policy lets the caller have. */
export const policy: JsonHandler<'policy'> = {
  params: z.object({}),
  answer: async ({ parts, caller, reloadConfig }) => {
    const config = await reloadConfig();
    if (!config.ok) return config;
    return ok({ user: caller.user, file: parts.policy.file(), ...parts.policy.of(caller.user), diskUsed: await parts.diskUse.of(caller) });
  },
};
