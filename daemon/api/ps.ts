import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';
import { flag, inProject } from './params.ts';
import { projectOf } from './project.ts';
import { viewFor } from './view-for.ts';

/** Unfinished runs, else the last one; all of them on request, then with what others have under way. Newest first. */
export const ps: JsonHandler<'ps'> = {
  params: z.object({ ...inProject, all: flag, limit: z.coerce.number().int().positive().optional() }),
  answer: async (api, request) => {
    const { store, caller } = api;
    const { all, limit } = request;
    const project = projectOf(api, request);
    const runs = all ? store.runs.ofProject(project) : store.runs.unfinishedOf(project);
    const last = runs.length === 0 && !all ? store.runs.lastOf(project) : null;
    // who shares a machine sees what it is busy with
    const others = all && caller.shared ? store.runs.unfinishedOfOthers(caller.user) : [];
    return ok([...runs, ...(last ? [last] : []), ...others].slice(0, limit).map((run) => viewFor(api, run)));
  },
};
