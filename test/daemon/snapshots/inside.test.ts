import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveInside } from '../../../daemon/snapshots/inside.ts';
import { scratchDir } from '../../support/scratch.ts';

test('a path is followed as long as it stays inside', () => {
  const root = scratchDir('i');
  mkdirSync(join(root, 'a/b'), { recursive: true });
  writeFileSync(join(root, 'a/file'), '');
  const links = {
    'a/b/up': '../file',
    'to-a': 'a',
    out: '../outside',
    'over-out': `../${root.split('/').at(-1)}/a/file`,
    abs: join(root, 'a'),
    round: 'round',
    gone: 'nothing',
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, name));
  const file = join(root, 'a/file');
  expect(resolveInside(root, 'a/file')).toBe(file);
  expect(resolveInside(root, './a//b/../file')).toBe(file);
  expect(resolveInside(root, 'to-a/b/up')).toBe(file);
  for (const path of ['..', 'a/../../x', 'out', 'over-out', 'abs', 'abs/file', 'round', 'gone', 'nothing'])
    expect(resolveInside(root, path), path).toBeNull();
});
