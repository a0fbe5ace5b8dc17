/** `dstack config` says everything that holds: what it prints is a file that says the same. */
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { asInFile } from '../../../cli/commands/config.ts';
import { defaultConfig } from '../../../shared/config-file.ts';
import { parseConfig } from '../../../shared/config-parse.ts';

/** Every number another one, by which a key that is left out would show. */
const changed = (value: unknown): unknown =>
  typeof value === 'number'
    ? value * 2
    : Array.isArray(value)
      ? value
      : value !== null && typeof value === 'object'
        ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, changed(one)]))
        : value;

test('no key is left out', () => {
  const defaults = defaultConfig();
  const config = { ...(changed(defaults) as typeof defaults), inactivityDuration: 7200 };
  expect(config).not.toEqual(defaults);
  expect(parseConfig('config.yaml', stringify(asInFile(config)), defaults)).toEqual({ ok: true, value: config });
});
