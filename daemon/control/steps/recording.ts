import { unwrap, messageOf } from '../../../shared/result.ts';
import type { RecordEnd, Recording } from '../../logs/logs.ts';
import type { Attempt, Live } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';
import { tokenOf } from '../submit/run-token.ts';

const context = (attempt: Attempt): string => `attempt/${attempt.id}`;

/** What its log must not show: the values of its project's secrets as they are now, and its token. Throws a FailureError when the key is lost. */
const valuesToMask = (parts: ControlParts, { run }: Attempt): string[] => {
  const token = unwrap(tokenOf(parts.secretBox, run));
  return [...Object.values(unwrap(parts.secretsOf(run.project))), ...(token === null ? [] : [token])];
};

/** These values, sealed for the attempt's record. */
export const sealMasked = (parts: ControlParts, attempt: Attempt): string =>
  parts.secretBox.seal(JSON.stringify(valuesToMask(parts, attempt)), context(attempt)).toString('base64');

/** The record of an attempt's output, masking the secrets that it was given: the same each time, since what is on disk is compared. */
export function openRecording(parts: ControlParts, attempt: Attempt): Recording {
  const { masked } = attempt.job.progress;
  const values =
    masked === null
      ? valuesToMask(parts, attempt)
      : (JSON.parse(unwrap(parts.secretBox.open(Buffer.from(masked, 'base64'), context(attempt)))) as string[]);
  return parts.logs.recording(attempt.job, values);
}

/** Notes that the output is being taken, and when that has ended: the driver then looks at the container. */
export function keepRecording(
  parts: ControlParts,
  attempt: Attempt,
  from: NonNullable<Live['recording']>['from'],
  end: Promise<RecordEnd>,
  wake: () => void,
): void {
  const over = new AbortController();
  const recording: NonNullable<Live['recording']> = { end, endedAt: null, over: over.signal, from };
  attempt.live.recording = recording;
  const ended = (): void => {
    recording.endedAt = parts.now();
    over.abort();
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
