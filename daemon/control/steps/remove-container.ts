import type { Executor } from './executor.ts';

/** At once after its end is recorded: its variables lie in plain text in the engine's files. */
export const removeContainer: Executor = async ({ parts, attempt }) => {
  await parts.engine.remove(attempt.container, true);
  attempt.live.made = { container: null };
};
