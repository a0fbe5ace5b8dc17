import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import { isUnfinished } from '../control/run-status.ts';
import { findRun } from './find-run.ts';
import type { JsonHandler } from './handler.ts';

/**
 * The size of the terminal that a run's jobs have: the newest word counts, whoever said it. It is written down first, so that a container that is made or started
 * only later begins with it. Of a run that has ended nothing is changed.
 */
export const resize: JsonHandler<'resize'> = {
  params: z.object({ name: z.string(), columns: z.number().int().min(1).max(10_000), rows: z.number().int().min(1).max(10_000) }),
  answer: async (api, { name, columns, rows }) => {
    const found = findRun(api, name, 'own');
    if (!found.ok) return found;
    const { id, spec } = found.value;
    const { store, parts, control } = api;
    const jobs = store.jobs.ofRun(id);
    if (!isUnfinished(jobs)) return ok({});
    const size = { columns, rows };
    if (spec.terminal?.columns !== columns || spec.terminal.rows !== rows) store.runs.setTerminal(id, size);
    const started = jobs.filter(({ open, progress }) => open && progress.startIntent !== null && progress.end === null);
    // one that has ended meanwhile has none; an engine that is away is told nothing, and its containers keep what they have
    await Promise.all(started.map((job) => parts.engine.resize(control.container(job), size).catch(() => undefined)));
    return ok({});
  },
};
