import { z } from 'zod';
import { fail, ok } from '../../shared/result.ts';
import { noteDown } from './audit.ts';
import { findRun } from './find-run.ts';
import type { JsonHandler } from './handler.ts';
import { flag } from './params.ts';

/** Lets all users of a shared daemon read a run of the caller's: everything about it, its log and artifacts. They still cannot end or use it. */
export const share: JsonHandler<'share'> = {
  params: z.object({ name: z.string(), off: flag }),
  answer: async (api, { name, off }) => {
    const { store, control, caller } = api;
    if (!caller.shared)
      return fail(
        'not_shared_mode',
        'This daemon serves only you: there is nobody to share a run with',
        'One daemon for all users of a machine: dstack daemon install --system --group GROUP',
      );
    const found = findRun(api, name, 'own');
    if (!found.ok) return found;
    const run = found.value;
    const shared = off !== true;
    store.transaction(() => {
      store.runs.setShared(run.id, shared);
      if (run.shared !== shared) noteDown(api, shared ? 'share' : 'unshare', run, '');
    });
    // who reads its log and may not any more is let go of
    control.changes.notify(run.id);
    return ok({ name: run.name, shared });
  },
};
