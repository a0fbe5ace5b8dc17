import type { StepName } from './plan.ts';

/**
 * A crash on demand, for the tests that kill the daemon before and after each step: `DSTACK_FAULT=before:createContainer` ends the process with
 * SIGKILL at that point, as if the machine had lost power.
 */
export function faultPoint(when: 'before' | 'after', step: StepName): void {
  if (process.env['DSTACK_FAULT'] === `${when}:${step}`) process.kill(process.pid, 'SIGKILL');
}
