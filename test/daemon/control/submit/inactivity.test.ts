import { expect, test } from 'vitest';
import { inactivityOf } from '../../../../daemon/control/submit/inactivity.ts';
import { unwrap } from '../../../../shared/result.ts';
import { workflowFromProvider } from '../../../../shared/workflow/overrides.ts';

const config = { inactivityDuration: 7200 };
const lab = (inactivityDuration?: string) => unwrap(workflowFromProvider('lab', inactivityDuration ? { inactivityDuration } : {}, []));

test.each([
  [undefined, 7200],
  ['30m', 1800],
  ['off', null],
  ['never', null],
])('a lab that says %s, where the config says two hours', (said, expected) => {
  expect(inactivityOf(lab(said), config)).toBe(expected);
});

test('what is no dev environment has none, and none is what the config may say too', () => {
  expect(inactivityOf(unwrap(workflowFromProvider('bash', {}, ['true'])), config)).toBeNull();
  expect(inactivityOf(lab(), { inactivityDuration: null })).toBeNull();
});
