import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import { latestAttempts } from '../control/run-status.ts';
import { insertRun } from '../control/submit.ts';
import { viewRun } from '../control/view.ts';
import { findRun } from './find-run.ts';
import type { JsonHandler } from './handler.ts';

/** A new run of exactly what an earlier one was: its files, image, deps, commands and settings. */
export const restart: JsonHandler<'restart'> = {
  params: z.object({ name: z.string() }),
  answer: async ({ store, control, parts, user }, { name }) => {
    const found = findRun(store, name);
    if (!found.ok) return found;
    const { project, projectDir, workflow, provider, spec } = found.value;
    const [job] = latestAttempts(store.jobs.ofRun(found.value.id));
    const pinnedImage = job?.progress.image ?? spec.pinnedImage;
    const run = insertRun(
      { parts, control },
      {
        project,
        projectDir,
        workflow,
        provider,
        user,
        requestId: null,
        tag: null,
        spec: { ...spec, pinnedImage, restartOf: found.value.name },
      },
    );
    return ok({ run: viewRun(store, control, run), warnings: [] });
  },
};
