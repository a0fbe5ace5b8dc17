import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { watchPaths } from '../../../cli/watch/watch-paths.ts';
import { scratchDir } from '../../support/scratch.ts';

const project = scratchDir('p');
const sub = join(project, 'sub');
mkdirSync(join(sub, 'deep'), { recursive: true });
writeFileSync(join(sub, 'a[1].py'), '');

test.each([
  [project, ['sub'], ['/sub']],
  [sub, ['deep', '../sub/a[1].py'], ['/sub/deep', '/sub/a\\[1].py']],
  [project, ['*.py', 'sub/*.py'], ['*.py', 'sub/*.py']],
  [sub, ['*.py'], ['sub/*.py']],
  [project, [''], []],
  [sub, ['deep', '..'], ['.']],
  [project, [join(sub, 'deep')], ['/sub/deep']],
])('seen from %s, %j', (cwd, words, paths) => expect(watchPaths(words, cwd, project)).toEqual({ paths, missing: [] }));

test('one that is not there is named; one that is not below the project is refused', () => {
  expect(watchPaths(['later.py'], sub, project)).toEqual({ paths: ['/sub/later.py'], missing: ['later.py'] });
  expect(() => watchPaths(['../..'], sub, project)).toThrow(/not below the project/);
  expect(() => watchPaths(['/etc'], sub, project)).toThrow(/not below the project/);
});
