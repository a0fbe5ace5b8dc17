import { messageOf } from '../../../shared/result.ts';
import { EngineError } from '../../engine/engine.ts';
import { speaksOfWarning } from '../../providers/script.ts';
import { warnScript } from '../../providers/warn-script.ts';
import { specOf } from '../attempt.ts';
import type { Executor } from './executor.ts';

/** SIGUSR1 to whoever wants it, some time before the end of max_duration. An image without a shell is not warned. */
export const warn: Executor = async ({ parts, attempt }) => {
  attempt.job.progress.warnedAt = parts.now();
  parts.store.jobs.update(attempt.job);
  const { start } = specOf(attempt);
  const own = start.kind === 'script' && speaksOfWarning(start.commands) ? 'script' : 'none';
  try {
    await parts.engine.exec(attempt.container, ['/bin/sh', '-c', warnScript, 'sh', own]);
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'unreachable') throw error;
    parts.logger.info({ run: attempt.run.name, error: messageOf(error) }, 'could not be warned of the end of its max_duration');
  }
};
