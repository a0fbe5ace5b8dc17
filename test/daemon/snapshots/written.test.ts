import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mostWritten, writtenFiles } from '../../../daemon/snapshots/written.ts';
import { scratchDir } from '../../support/scratch.ts';

/** A tree, and its copy in which somebody worked. */
function worked(): { tree: string; source: string } {
  const dir = scratchDir('w');
  const [tree, source] = [join(dir, 'tree'), join(dir, 'files')];
  mkdirSync(join(tree, 'src'), { recursive: true });
  for (const name of ['a', 'src/b', 'src/c']) writeFileSync(join(tree, name), 'old');
  execFileSync('cp', ['-a', tree, source]);
  writeFileSync(join(source, 'src/b'), 'another');
  symlinkSync('a', join(source, 'link'));
  for (const name of ['out', 'src/__pycache__', 'src/.ipynb_checkpoints']) {
    mkdirSync(join(source, name));
    writeFileSync(join(source, name, 'x'), '');
  }
  return { tree, source };
}

test('what was changed and added in a copy counts, but not what is mounted there or left by the way', async () => {
  const { tree, source } = worked();
  expect(await writtenFiles({ type: 'bind', source, readOnly: false }, tree, ['out'])).toBe(2);
  expect(await writtenFiles({ type: 'bind', source, readOnly: false }, tree, [])).toBe(3);
});

test('the upper folder of an overlay has only what was written, and no more than enough is counted', async () => {
  const { tree, source: upper } = worked();
  const mount = { type: 'overlay', lower: tree, upper, work: tree } as const;
  expect(await writtenFiles(mount, tree, ['out'])).toBe(4);
  for (let i = 0; i < mostWritten; i++) writeFileSync(join(upper, `f${i}`), '');
  expect(await writtenFiles(mount, tree, [])).toBe(mostWritten);
});
