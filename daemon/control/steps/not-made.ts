import { FailureError, messageOf } from '../../../shared/result.ts';
import { EngineError } from '../../engine/engine.ts';
import type { Attempt } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';
import { endWith } from './end-with.ts';

/** What it means for the attempt that a container could not be made from its image: its end, with `what` and why; or the image is pulled again. Throws what may pass. */
export function notMade(parts: ControlParts, attempt: Attempt, error: unknown, code: 'start' | 'gpus', what: string): void {
  if (error instanceof FailureError) return endWith(parts, attempt, code, error.failure.message);
  // `conflict`: its name is taken until the engine has removed an earlier one
  if (!(error instanceof EngineError) || error.kind === 'unreachable' || error.kind === 'conflict') throw error;
  // pruned in between: it is pulled again
  if (error.kind === 'not_found') attempt.live.image = null;
  else if (error.kind === 'no_space') endWith(parts, attempt, 'disk_full', `the engine's disk is full: ${error.message}`);
  else endWith(parts, attempt, code, `${what}: ${messageOf(error)}`);
}
