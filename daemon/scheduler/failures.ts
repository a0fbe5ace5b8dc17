/** What was found not to fit any more: who asks for as much or more need not be looked at. */
import type { Need, Shape } from './demand.ts';

export interface Failures {
  cover(shape: Shape, short: boolean): boolean;
  add(shape: Shape, short: boolean): void;
}

interface Failure {
  need: Need;
  /** how many jobs that need it */
  jobs: number;
  /** not even when what is kept may be used for a while */
  short: boolean;
}

/** More are not remembered: looking through them costs as well. */
const remembered = 100;

/** Whether the larger asks for at least as much, of no other GPUs. */
function asksMore(larger: Need, smaller: Need): boolean {
  if (larger.cpu < smaller.cpu || larger.memory < smaller.memory || larger.gpus < smaller.gpus) return false;
  const { want } = smaller;
  if (!want || larger.want === want) return true;
  return larger.want?.kinds.every((kind) => want.has[kind] === 1) ?? false;
}

/** Only shapes that avoid no host and whose jobs need the same are compared. */
const isPlain = (shape: Shape): boolean => shape.uniform && !shape.avoid && shape.needs.length > 0;

export function createFailures(): Failures {
  let failures: Failure[] = [];
  return {
    cover(shape, short) {
      if (!isPlain(shape)) return false;
      const need = shape.needs[0]!;
      const jobs = shape.needs.length;
      for (const failure of failures) {
        if (jobs >= failure.jobs && (failure.short || !short) && asksMore(need, failure.need)) return true;
      }
      return false;
    },
    add(shape, short) {
      if (!isPlain(shape)) return;
      const need = shape.needs[0]!;
      const jobs = shape.needs.length;
      failures = failures.filter((failure) => !(failure.jobs >= jobs && (short || !failure.short) && asksMore(failure.need, need)));
      if (failures.length < remembered) failures.push({ need, jobs, short });
    },
  };
}
