import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import { usageOf } from '../control/queue/usage-of.ts';
import { projectKey } from '../users/namespace.ts';
import type { JsonHandler } from './handler.ts';
import { moment } from './params.ts';

/** What was used: GPU-hours and hours, of everybody's runs and of removed ones too. */
export const usage: JsonHandler<'usage'> = {
  params: z.object({ by: z.enum(['user', 'project', 'workflow', 'run']).optional(), since: moment }),
  answer: async ({ store, parts, caller }, { by = 'user', since }) => {
    // who used how much is everybody's to know, on which projects is not
    const all = !caller.shared || caller.admin || by === 'user' || by === 'run';
    const shows = (key: string): boolean => all || key.startsWith(projectKey(caller, ''));
    return ok(usageOf(store, by, since === undefined ? 0 : Date.parse(since), parts.now(), shows));
  },
};
