import { messageOf } from '../../../shared/result.ts';
import { EngineError } from '../../engine/engine.ts';
import { specOf } from '../attempt.ts';
import { discardBuilds } from '../builds/discard-builds.ts';
import { releaseMounts } from '../hold-mounts.ts';
import type { Executor } from './executor.ts';

/** The volume, the workspace and the state folder; then nothing is left to do for the attempt. */
export const discard: Executor = async ({ parts, attempt }) => {
  // a build that was given up holds the volume
  if (attempt.job.progress.built) await discardBuilds(parts, attempt);
  try {
    await parts.engine.removeVolume(attempt.container);
  } catch (error) {
    // an engine may refuse until it is started anew ("active mounts", after a restart over which it kept its containers): the sweep asks again
    if (!(error instanceof EngineError) || !['other', 'conflict'].includes(error.kind)) throw error;
    parts.logger.info({ run: attempt.run.name, error: messageOf(error) }, 'the volume stays for now');
  }
  // of one that was never started
  await releaseMounts(parts, attempt, specOf(attempt).mounts);
  await parts.snapshots.discardWorkspace(attempt.id);
  await parts.states.remove(attempt.id, parts.deleteAsRoot);
  attempt.job.open = false;
  parts.store.jobs.update(attempt.job);
};
