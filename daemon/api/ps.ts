import { z } from 'zod';
import { projectName } from '../../shared/project.ts';
import { ok } from '../../shared/result.ts';
import { viewRun } from '../control/view.ts';
import type { JsonHandler } from './handler.ts';
import { flag, projectDir } from './params.ts';

/** Unfinished runs, else the last one; all of them on request. Newest first. */
export const ps: JsonHandler<'ps'> = {
  params: z.object({ projectDir, all: flag }),
  answer: async ({ store, control }, { projectDir: dir, all }) => {
    const project = projectName(dir);
    const runs = all ? store.runs.ofProject(project) : store.runs.unfinishedOf(project);
    const last = runs.length === 0 && !all ? store.runs.lastOf(project) : null;
    return ok([...runs, ...(last ? [last] : [])].map((run) => viewRun(store, control, run)));
  },
};
