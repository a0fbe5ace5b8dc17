import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';
import { inProject } from './params.ts';

/** What is being done with a project's files. Those of a shared daemon are taken by their users' own commands, which know it themselves. */
export const progress: JsonHandler<'progress'> = {
  params: z.object({ ...inProject }),
  answer: async ({ caller, parts }, { projectDir }) => ok({ doing: caller.shared ? null : parts.snapshots.doing(projectDir) }),
};
