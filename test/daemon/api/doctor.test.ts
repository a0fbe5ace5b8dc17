import { expect, test } from 'vitest';
import { doctor } from '../../../daemon/api/doctor.ts';
import type { ApiParts } from '../../../daemon/api/handler.ts';
import { fine, warning } from '../../../daemon/doctor/check.ts';

test.each([
  { shared: false, admin: true, told: true },
  { shared: true, admin: true, told: true },
  { shared: true, admin: false, told: false },
])('what notify failed at is for those who may know of every run: %o', async ({ shared, admin, told }) => {
  const checks = [
    fine('git', 'git 2.39'),
    warning('notify', 'The end of red-fox-1 was not told by command 1 of notify: it ended with exit code 7.', 'mend it'),
  ];
  const api = { caller: { shared, admin }, reloadConfig: async () => ({ ok: true }), diagnose: async () => checks };
  const answer = await doctor.answer(api as unknown as ApiParts, {});
  expect(answer).toEqual({ ok: true, value: told ? checks : checks.slice(0, 1) });
});
