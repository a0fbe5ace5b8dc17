import { expect, test } from 'vitest';
import { createSlots } from '../../../daemon/users/slots.ts';

test('no more than so many at a time, in their order, failures or not', async () => {
  const slots = createSlots(2);
  const begun: number[] = [];
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const all = gates.map(({ promise }, i) =>
    slots(async () => {
      begun.push(i);
      await promise;
      return i;
    }).catch(() => 'failed'),
  );
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  expect(begun).toEqual([0, 1]);
  gates[1]?.reject(new Error('no'));
  await turn();
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of gates) resolve();
  expect(await Promise.all(all)).toEqual([0, 'failed', 2, 3, 4]);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});
