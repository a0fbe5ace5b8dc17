import { unwrap, messageOf } from '../../../shared/result.ts';
import type { RecordEnd, Recording } from '../../logs/logs.ts';
import type { Attempt, Live } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';

/** The record of an attempt's output, masking all secrets of its project (and of its workflow's registry). */
export function openRecording(parts: ControlParts, attempt: Attempt): Recording {
  const secrets = parts.secretsOf(attempt.run.project);
  return parts.logs.recording(attempt.job, Object.values(unwrap(secrets)));
}

/** Notes that the output is being taken, and when that has ended: the driver then looks at the container. */
export function keepRecording(parts: ControlParts, attempt: Attempt, end: Promise<RecordEnd>, wake: () => void): void {
  const recording: NonNullable<Live['recording']> = { end, endedAt: null };
  attempt.live.recording = recording;
  const ended = (): void => {
    recording.endedAt = parts.now();
    wake();
  };
  void end.then(ended, ended);
}

/** Keeps the exit code as soon as the engine knows it, even if the container is removed by somebody else right then. */
export function awaitExit(parts: ControlParts, attempt: Attempt, wake: () => void): void {
  void parts.engine
    .wait(attempt.container, parts.signal)
    .then((code) => {
      attempt.live.exitCode = code ?? attempt.live.exitCode;
    })
    .catch((error: unknown) => parts.logger.debug({ run: attempt.run.name, error: messageOf(error) }, 'wait was cut off'))
    .finally(wake);
}
