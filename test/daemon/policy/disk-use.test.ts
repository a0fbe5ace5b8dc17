import { expect, test } from 'vitest';
import { createDiskUse } from '../../../daemon/policy/disk-use.ts';
import type { Store } from '../../../daemon/store/store.ts';

const me = { user: 'me', uid: 1, shared: false };

/** One run, whose artifacts grow by a byte each time that they are measured. */
function oneRun() {
  const job = { open: true };
  const store = {
    runs: { ofUser: () => [{ id: 7, name: 'a-b-1', user: 'me', owner: null, removedAt: null }] },
    jobs: { ofRun: () => [job] },
  } as unknown as Store;
  let bytes = 0;
  const inUse = new Set<number>();
  let whileMeasuring = (): void => {};
  const bytesOf = async (): Promise<number> => {
    bytes += 1;
    const measured = bytes;
    whileMeasuring();
    return measured;
  };
  const use = createDiskUse(store, { has: () => true, bytesOf }, inUse);
  return { job, inUse, use, during: (what: () => void) => (whileMeasuring = what) };
}

test('what has ended is measured once', async () => {
  const { job, use } = oneRun();
  expect([await use.of(me), await use.of(me)]).toEqual([1, 2]);
  job.open = false;
  expect([await use.of(me), await use.of(me)]).toEqual([3, 3]);
});

test('a run that ends while it is measured is measured again', async () => {
  const { job, use, during } = oneRun();
  during(() => (job.open = false));
  expect([await use.of(me), await use.of(me), await use.of(me)]).toEqual([1, 2, 2]);
});

test('a run whose folders are still copied is measured again, though nothing of it is open', async () => {
  const { job, inUse, use } = oneRun();
  job.open = false;
  inUse.add(7);
  expect([await use.of(me), await use.of(me)]).toEqual([1, 2]);
  inUse.clear();
  expect([await use.of(me), await use.of(me)]).toEqual([3, 3]);
});
