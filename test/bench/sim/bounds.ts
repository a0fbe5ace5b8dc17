import type { Task } from './model.ts';
import type { Random } from './random.ts';

const quarter = 15 * 60_000;

/**
 * Gives each task the max_duration a user could have known: its true run time times an over-estimate between 1 and 10 (uniform, from the
 * seed), rounded up to a quarter of an hour.
 */
export const declareBounds = (tasks: readonly Task[], random: Random): Task[] =>
  tasks.map((task) => ({ ...task, bound: Math.ceil((task.runs * (1 + 9 * random.next())) / quarter) * quarter }));
