import { expect, test } from 'vitest';
import { compareVersions, ownVersion } from '../../shared/version.ts';

test.each([
  ['0.1.0', '0.1.0', 0],
  ['0.1.0', '0.2.0', -1],
  ['0.10.0', '0.9.9', 1],
  ['v1.0.0', '1.0.0+build', 0],
  ['1.0.0-rc.2', '1.0.0', -1],
  ['1.0.0-rc.10', '1.0.0-rc.2', 1],
  ['1.0', '1.0.0', 0],
])('%s against %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
  expect(Math.sign(compareVersions(b, a)) + sign).toBe(0);
});

test('our own is a version', () => expect(ownVersion()).toMatch(/^\d+\.\d+\.\d+/));
