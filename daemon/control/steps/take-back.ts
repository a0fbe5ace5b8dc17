import type { Executor } from './executor.ts';
import { requeue } from './requeue.ts';

/** Another node of the run lost its place before anything ran: this one waits with it. */
export const takeBack: Executor = async ({ parts, attempt, container, changed, reschedule }) => {
  await requeue(parts, attempt, 'another node of the run lost its place', container?.id ?? null);
  changed();
  reschedule();
};
