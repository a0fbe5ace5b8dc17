import { expect, test } from 'vitest';
import type { ApiParts } from '../../../daemon/api/handler.ts';
import { rerun } from '../../../daemon/api/rerun.ts';

const tree = 'a'.repeat(40);
const run = {
  id: 1,
  name: 'a-b-1',
  projectDir: '/home/me/one',
  user: 'me',
  owner: { uid: 7, gid: 7 },
  intent: null,
  spec: { watch: { byClient: true } },
};
const job = { job: 0, attempt: 1, state: { status: 'running' } };

/** A shared daemon, of which `uid` asks; what it did with the change is in the answer's attempt. */
const api = (uid: number, places: unknown[] = []) =>
  ({
    caller: { user: 'me', uid, shared: true, admin: false },
    store: { runs: { byName: () => run }, jobs: { ofRun: () => [job] } },
    parts: { snapshots: { has: (place: unknown) => places.push(place) > 0 } },
    watching: async () => ({ clientSaw: () => undefined, consider: async () => ({ attempt: 2 }) }),
  }) as unknown as ApiParts;
const asked = (projectDir: string) => ({
  name: 'a-b-1',
  projectDir,
  project: 'p',
  snapshot: { tree, commit: null, branch: null, dirty: true },
});

test('files for a watch come from its own folder and its own user', async () => {
  const places: unknown[] = [];
  expect(await rerun.answer(api(7, places), asked('/home/me/one'))).toEqual({ ok: true, value: { attempt: 2 } });
  expect(places).toEqual([{ owner: 'me:7', dir: '/home/me/one' }]);
  expect(await rerun.answer(api(7), asked('/home/me/two'))).toMatchObject({ failure: { code: 'other_folder' } });
  expect(await rerun.answer(api(8), asked('/home/me/one'))).toMatchObject({ failure: { code: 'not_yours' } });
});
