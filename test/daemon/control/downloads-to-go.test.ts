import { expect, test } from 'vitest';
import { downloadsToGo } from '../../../daemon/control/downloads-to-go.ts';
import type { ControlParts } from '../../../daemon/control/parts.ts';

const all = [
  { user: '1', bytes: 10, usedAt: 100_000 },
  { user: '2', bytes: 50, usedAt: 90_000 },
  { user: '3', bytes: 30, usedAt: 0 },
];
/** Users by what they keep, with runs of the users `open` under way. */
const gone = (downloads: number | null, maxDownloads: number, open: number[] = []): string[] => {
  const store = { jobs: { open: () => open.map((runId) => ({ runId })) }, runs: { byId: (uid: number) => ({ owner: { uid } }) } };
  const parts = { config: { retention: { downloads }, environments: { maxDownloads } }, store, now: () => 100_000 };
  return downloadsToGo(parts as unknown as ControlParts, all).map(({ user }) => user);
};

test.each<[string, string[], string[]]>([
  ['nothing is old or too much', gone(null, 90), []],
  ['what was not used for long', gone(50, 90), ['3']],
  ['nothing old while a run may use it', gone(50, 90, [1]), []],
  ['of whoever has most, above the limit', gone(null, 60), ['2']],
  ['the next ones, too', gone(null, 10), ['2', '3']],
  ['what is old counts no more for the limit', gone(50, 60), ['3']],
  ['not of those whose run is under way', gone(null, 60, [2]), ['3']],
])('downloads go: %s', (_what, users, expected) => expect(users).toEqual(expected));
