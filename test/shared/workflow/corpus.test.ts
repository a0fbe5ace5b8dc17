import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseWorkflows } from '../../../shared/workflow/load.ts';
import { expectations } from './corpus-expectations.ts';

/** Real workflow files of 2021 to 2023. They are data of others and no part of the project; the cases that matter stand in the other tests. */
const folder = fileURLToPath(new URL('../../../../shared/workflows', import.meta.url));

test('each file of the corpus loads, or says what was expected', async () => {
  if (!existsSync(folder)) {
    console.log(`There is no ${folder}: nothing to read. Everything that matters in it stands in the other tests.`);
    return;
  }
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).toSorted();
  const found = await Promise.all(
    names.map(async (name): Promise<[string, 'loads' | string[]]> => {
      const loaded = parseWorkflows([{ path: name, text: await readFile(join(folder, name), 'utf8') }]);
      const errors = loaded.ok ? [] : loaded.problems.filter(({ severity }) => severity === 'error');
      return [name.replace(/\.yaml$/, ''), loaded.ok ? 'loads' : errors.map(({ line, column, message }) => `${line}:${column} ${message}`)];
    }),
  );
  expect(Object.fromEntries(found)).toEqual(expectations);
});
