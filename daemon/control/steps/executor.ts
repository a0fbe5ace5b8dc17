import type { Container } from '../../engine/engine.ts';
import type { JobRecord } from '../../store/records.ts';
import type { Attempt } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';

/**
 * Does one step. Idempotent: the process may be killed before, in or after it, and the step is then decided on and done again. What it learns
 * goes into the store (through `attempt.job`, with parts.store) before it returns. An EngineError `unreachable` is thrown: the step is tried again.
 */
export type Executor = (step: {
  parts: ControlParts;
  attempt: Attempt;
  /** as inspected just before the step was decided */
  container: Container | null;
  /** tells those who watch the run that it has something new to show */
  changed(): void;
  /** wakes the scheduler: something was freed, or there is a new attempt to place */
  reschedule(): void;
  /** drives the attempt that follows, which has its place already */
  follow(next: JobRecord): void;
  /** wakes this attempt's driver */
  wake(): void;
}) => Promise<void>;
