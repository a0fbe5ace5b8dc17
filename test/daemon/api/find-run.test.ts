import { expect, test } from 'vitest';
import { findRun } from '../../../daemon/api/find-run.ts';

const run = (id: number, name: string, over: object = {}): object => ({
  id,
  name,
  user: 'me',
  owner: { uid: 7, gid: 7 },
  shared: false,
  removedAt: null,
  ...over,
});
/** Oldest first, as the store has them. */
const runs = [
  run(1, 'cosy-cat-1'),
  run(2, 'cosy-cat-2'),
  run(3, 'cool-cheetah-1'),
  run(4, 'wild-wolf-1', { removedAt: 5 }),
  run(5, 'tiny-toad-1', { user: 'ada', owner: { uid: 8, gid: 8 } }),
];
const store = { runs: { byName: () => null, all: () => runs, ofProject: () => [] } };
const caller = { user: 'me', uid: 7, shared: true, admin: false };
const hint = (name: string): string | undefined => {
  const found = findRun({ store, caller } as unknown as Parameters<typeof findRun>[0], name, 'read');
  return found.ok ? undefined : found.failure.hint;
};
const none = 'See the runs with: dstack ps -a';

test.each([
  ['cool-cheeta-1', "Did you mean 'cool-cheetah-1'?"],
  ['cosy-cat', "Did you mean 'cosy-cat-2'?"],
  ['xyz', none],
  ['wild-wolf', none],
  ['tiny-toad', none],
])('of a run that is not there, wherever its project is: %s', (name, said) => expect(hint(name)).toBe(said));
