import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';
import { viewFor } from './view-for.ts';

/** The waiting runs of all projects and users, in the order in which they are considered. */
export const queue: JsonHandler<'queue'> = {
  params: z.object({}),
  answer: async (api) =>
    ok(
      api.control
        .order()
        .flatMap((id) => api.store.runs.byId(id) ?? [])
        .map((run) => viewFor(api, run)),
    ),
};
