import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import { repeat } from '../control/submit/repeat.ts';
import { startsAnew } from '../control/submit/unsaved-work.ts';
import { viewRun } from '../control/view/view.ts';
import { findRun } from './find-run.ts';
import type { JsonHandler } from './handler.ts';

/** A new run of exactly what an earlier one was: its files, image, deps, commands and settings. */
export const restart: JsonHandler<'restart'> = {
  params: z.object({ name: z.string() }),
  answer: async (api, { name }) => {
    const { store, control, parts, caller, reloadConfig } = api;
    const config = await reloadConfig();
    if (!config.ok) return config;
    const found = findRun(api, name, 'own');
    if (!found.ok) return found;
    const run = await repeat({ parts, control, caller }, found.value);
    return run.ok ? ok({ run: viewRun(store, control, run.value), warnings: startsAnew(found.value) }) : run;
  },
};
