import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tokenFor } from '../../../daemon/api/view-for.ts';
import { newToken, tokenOf } from '../../../daemon/control/submit/run-token.ts';
import { createSecretBox } from '../../../daemon/secrets/box.ts';
import type { RunRecord } from '../../../daemon/store/records.ts';
import type { Caller } from '../../../daemon/users/caller.ts';
import { scratchDir } from '../../support/scratch.ts';

const box = () => createSecretBox(join(scratchDir('k'), 'key'));
const app = { name: 'lab', port: 0, path: '/lab', query: {}, tokenParameter: 'token', tokenVariable: 'JUPYTER_TOKEN' } as const;
const runWith = (name: string, token: string | null): RunRecord =>
  ({ name, user: 'ada', owner: { uid: 3001, gid: 3001 }, shared: true, spec: { token } }) as unknown as RunRecord;
const caller = (user: string, uid: number, admin = false): Caller => ({ user, uid, gid: uid, home: '/', admin, shared: true });

test('a token is for the owner and the administrator, not for those who may only read the run', () => {
  const secrets = box();
  const run = runWith('red-fox-1', newToken(secrets, 'red-fox-1', [{ app }]));
  const token = tokenFor({ secrets, caller: caller('ada', 3001) }, run);
  expect(token).toMatch(/^[0-9a-f]{32}$/);
  expect(tokenFor({ secrets, caller: caller('root', 0, true) }, run)).toBe(token);
  expect(tokenFor({ secrets, caller: caller('grace', 3002) }, run)).toBeNull();
  // another account that has the name now
  expect(tokenFor({ secrets, caller: caller('ada', 3005) }, run)).toBeNull();
});

test('it is sealed for its run alone; a run that serves nothing has none; each has its own', () => {
  const secrets = box();
  const sealed = newToken(secrets, 'red-fox-1', [{ app: null }, { app }]);
  expect(tokenOf(secrets, runWith('red-fox-1', sealed))).toMatchObject({ ok: true });
  expect(tokenOf(secrets, runWith('big-bear-2', sealed))).toMatchObject({ ok: false, failure: { code: 'secrets_key' } });
  expect(tokenFor({ secrets, caller: caller('ada', 3001) }, runWith('big-bear-2', sealed))).toBeNull();
  expect(newToken(secrets, 'red-fox-1', [{}])).toBeNull();
  expect(tokenOf(secrets, runWith('red-fox-1', null))).toEqual({ ok: true, value: null });
  const tokens = [sealed, newToken(secrets, 'red-fox-1', [{ app }])].map((one) => tokenOf(secrets, runWith('red-fox-1', one)));
  expect(tokens[0]).not.toEqual(tokens[1]);
});
