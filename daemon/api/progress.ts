import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';
import { inProject } from './params.ts';

/** What is being done with a project's files. Those of a shared daemon are taken by their users' own commands, which know it themselves. */
export const progress: JsonHandler<'progress'> = {
  params: z.object({ ...inProject }),
  answer: async ({ caller, parts: { snapshots, artifacts, store } }, { projectDir }) => {
    if (caller.shared) return ok({ doing: null });
    const imported = artifacts.importing().find((id) => store.runs.byId(id)?.projectDir === projectDir);
    return ok({ doing: snapshots.doing(projectDir) ?? (imported === undefined ? null : await artifacts.doing(imported)) });
  },
};
