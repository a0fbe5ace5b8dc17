import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashMany } from '../../../daemon/snapshots/hash-many.ts';
import { openShadow } from '../../../daemon/snapshots/shadow.ts';
import type { Snapshot } from '../../../daemon/snapshots/snapshots.ts';
import { contents, git, repository, tempDir, write } from './lab.ts';

/** A snapshot in a process that may not read what is closed: root without its right to read everything. */
function takeWithoutPrivilege(home: string, dir: string): Snapshot {
  const command = [process.execPath, join(import.meta.dirname, 'take-here.ts'), home, dir];
  const [program = '', ...args] =
    process.getuid?.() === 0
      ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-dac_override,-dac_read_search', ...command]
      : command;
  return JSON.parse(execFileSync(program, args, { encoding: 'utf8' })) as Snapshot;
}

test.each([3, 100])('unreadable files and directories are left out and named; all else is there (%i files)', (count) => {
  const dir = repository({ a: '1', closed: '2', 'shut/tracked': '3' });
  for (let i = 0; i < count; i++) write(dir, { [`more/${i}`]: `${i}` });
  const home = tempDir();
  takeWithoutPrivilege(home, dir);
  chmodSync(join(dir, 'closed'), 0);
  write(dir, { 'untracked-closed': 'x' });
  chmodSync(join(dir, 'untracked-closed'), 0);
  mkdirSync(join(dir, 'shut/deep'));
  chmodSync(join(dir, 'shut'), 0);
  try {
    const snapshot = takeWithoutPrivilege(home, dir);
    const expected = Object.keys(contents(join(home, 'trees', snapshot.tree))).sort();
    expect(expected).toEqual(['a', ...Array.from({ length: count }, (_, i) => `more/${i}`)].sort());
    const said = snapshot.warnings.join('\n');
    expect(said).toMatch(/permission denied/i);
    for (const name of ['closed', 'untracked-closed', 'shut/']) expect(said).toContain(name);
  } finally {
    chmodSync(join(dir, 'shut'), 0o700);
  }
});

test('a file that git refuses does not take the others with it, nor stay as it was', async () => {
  const dir = tempDir();
  const shadow = openShadow(tempDir(), dir);
  const files = ['a', 'b', 'bad', 'c', 'd'].map(
    (path) => ({ kind: 'file', path, mode: '100644', size: 1, mtimeMs: 0, ctimeMs: 0 }) as const,
  );
  write(dir, { a: '1', b: '2', bad: 'as it was', c: '3', d: '4' });
  await hashMany(shadow, dir, [], files);
  write(dir, { a: '10', d: '40' });
  execFileSync('sh', ['-c', 'rm bad && mkfifo bad'], { cwd: dir });
  const { tree, leftOut } = await hashMany(shadow, dir, [], files);
  expect(leftOut).toEqual([{ path: 'bad', why: expect.any(String) as string }]);
  expect(git(shadow.dir, 'ls-tree', '-r', '--name-only', tree).split('\n')).toEqual(['a', 'b', 'c', 'd']);
  expect(git(shadow.dir, 'cat-file', 'blob', `${tree}:d`)).toBe('40');
});
