import type { Failure } from '../../shared/result.ts';

/** What the daemon answered in place of a WebSocket: its failure, or where that cannot be read, that it did not do `what` (`give the log`). */
export function refusal(body: string, status: number | undefined, what: string): Failure {
  try {
    const failure = JSON.parse(body) as Failure;
    if (typeof failure.code === 'string' && typeof failure.message === 'string') return failure;
  } catch {
    // said below
  }
  return {
    code: 'daemon_garbled',
    message: `The daemon does not ${what} (status ${status}).`,
    hint: '`dstack daemon logs` may say why.',
  };
}
