/** What was found not to fit any more: who asks for as much or more need not be looked at. */
import type { Need } from './demand.ts';

export interface Failures {
  cover(need: Need, short: boolean): boolean;
  add(need: Need, short: boolean): void;
}

interface Failure {
  need: Need;
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

export function createFailures(): Failures {
  let failures: Failure[] = [];
  return {
    cover: (need, short) => failures.some((failure) => (failure.short || !short) && asksMore(need, failure.need)),
    add(need, short) {
      failures = failures.filter((failure) => !((short || !failure.short) && asksMore(failure.need, need)));
      if (failures.length < remembered) failures.push({ need, short });
    },
  };
}
