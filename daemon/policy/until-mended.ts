import type { Policy } from './policy.ts';

/** How often a file with problems is looked at again (ms). */
const lookEvery = 1_000;

/** Reads a policy that nobody knows again until it is known, or `signal` ends; then calls `mended` once. */
export function untilMended(policy: Pick<Policy, 'problem' | 'reload'>, signal: AbortSignal, mended: () => void): void {
  const look = async (): Promise<void> => {
    await policy.reload();
    if (signal.aborted || policy.problem() !== null) return;
    clearInterval(timer);
    mended();
  };
  const timer = setInterval(() => void look(), lookEvery);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
