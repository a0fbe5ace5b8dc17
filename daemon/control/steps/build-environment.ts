import { buildStage } from '../builds/build-stage.ts';
import { resolveEnvironment } from '../builds/resolve-environment.ts';
import type { Executor } from './executor.ts';

/** Builds what is missing of the job's environment: a stage each time that it is looked at (docblock of stages.ts). */
export const buildEnvironment: Executor = async ({ parts, attempt, changed }) => {
  if (!attempt.live.image || !attempt.live.workspace) return;
  const missing = await resolveEnvironment(parts, attempt);
  if (missing) await buildStage(parts, attempt, missing.stage, missing.image, changed);
};
