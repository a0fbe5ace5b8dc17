import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ControlParts } from '../../../../daemon/control/parts.ts';
import { createScheduling, type Scheduling } from '../../../../daemon/control/queue/scheduling.ts';
import type { Host } from '../../../../daemon/hosts/host.ts';

/** Counts decisions about an empty queue; `during` is called at the first. */
function lab(during: () => void) {
  let decisions = 0;
  const none = () => [];
  const anyQueued = (): boolean => {
    if (++decisions === 1) during();
    return false;
  };
  const parts = {
    store: { jobs: { anyQueued, placed: none, queued: none }, runs: { intended: () => new Set() } },
    claims: { reconcile: async () => {} },
    signal: new AbortController().signal,
    now: () => 0,
    logger: { error: (what: unknown) => expect.fail(JSON.stringify(what)) },
  } as unknown as ControlParts;
  const scheduling = createScheduling(parts, {} as Host, { wake: () => {}, changed: () => {} });
  return { scheduling, decisions: () => decisions };
}

test.each(Array.from({ length: 12 }, (_, n) => n))('what is asked for %i microtasks into a decision leads to one more', async (ticks) => {
  let asked = Infinity;
  const one: { scheduling: Scheduling; decisions(): number } = lab(() => {
    void (async () => {
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
      asked = one.decisions();
      one.scheduling.reschedule();
    })();
  });
  one.scheduling.reschedule();
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  expect(one.decisions()).toBeGreaterThan(asked);
});
