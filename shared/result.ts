/** What went wrong, for a person: a stable code, one sentence of what happened and where, and what to do next. */
export interface Failure {
  code: string;
  message: string;
  hint?: string;
}

/** Expected failures travel as values; an exception is a bug. */
export type Result<T> = { ok: true; value: T } | { ok: false; failure: Failure };

export const ok = <T>(value: T): { ok: true; value: T } => ({ ok: true, value });

/** `hint`: what to do next; null: the message itself says it, or nobody reads it. */
export const fail = (code: string, message: string, hint: string | null): { ok: false; failure: Failure } => ({
  ok: false,
  failure: hint === null ? { code, message } : { code, message, hint },
});

/** Carries a Failure through code that has no result to return (streams, HTTP handlers); the API turns it back into a value. */
export class FailureError extends Error {
  override readonly name = 'FailureError';
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** The value, or its failure thrown as a FailureError. */
export function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new FailureError(result.failure);
  return result.value;
}

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Closes an exhaustive switch: reaching it is a bug that the compiler would have reported. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
