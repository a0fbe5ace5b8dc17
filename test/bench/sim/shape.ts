import type { Task } from './model.ts';

const shapes = new WeakMap<Task['jobs'], string>();

/** Runs of one shape ask for the same: where one does not fit, no other does. Remembered, because it is asked at every decision. */
export function shapeOf({ jobs }: Pick<Task, 'jobs'>): string {
  let shape = shapes.get(jobs);
  if (shape === undefined) {
    shape = JSON.stringify(jobs.map(({ cpu, memory, gpu }) => [cpu, memory, gpu]));
    shapes.set(jobs, shape);
  }
  return shape;
}
