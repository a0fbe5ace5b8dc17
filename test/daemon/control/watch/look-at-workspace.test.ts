/** What is seen of a workspace from the host, where the job may have put anything, and may still be at it. */
import { chmodSync, linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAtWorkspace } from '../../../../daemon/control/watch/look-at-workspace.ts';
import type { FileChange } from '../../../../daemon/snapshots/tree-files.ts';
import { scratchDir } from '../../../support/scratch.ts';

function folders() {
  const dir = scratchDir('w');
  const [upper, lower, outside] = ['upper', 'lower', 'outside'].map((name) => {
    mkdirSync(join(dir, name));
    return join(dir, name);
  }) as [string, string, string];
  const put = (path: string, text: string, mode = 0o666): void => {
    writeFileSync(path, text);
    chmodSync(path, mode);
  };
  const open = (path: string): void => {
    mkdirSync(path);
    chmodSync(path, 0o777);
  };
  return { upper, lower, outside, put, open, look: (changes: FileChange[] = []) => lookAtWorkspace({ upper, lower }, changes, new Map()) };
}

test('a file is as wanted by what it holds, and who may use it: also of two names', () => {
  const { upper, lower, put, look } = folders();
  for (const name of ['same', 'other', 'shut', 'linked', 'run']) put(join(lower, name), 'one\n', name === 'run' ? 0o777 : 0o666);
  put(join(upper, 'same'), 'one\n');
  put(join(upper, 'other'), 'two\n');
  put(join(upper, 'shut'), 'one\n', 0o600);
  put(join(upper, 'linked'), 'one\n');
  linkSync(join(upper, 'linked'), join(upper, 'second'));
  put(join(upper, 'run'), 'one\n', 0o676);
  const seen = Object.fromEntries(
    look()
      .upper('')
      .map((entry) => [entry.name, 'asWanted' in entry && entry.asWanted]),
  );
  expect(seen).toEqual({ same: true, other: false, shut: false, linked: false, second: false, run: false });
});

test('a folder in which not everybody may write is said to be one', () => {
  const { upper, open, look } = folders();
  open(join(upper, 'open'));
  mkdirSync(join(upper, 'closed'), { mode: 0o755 });
  expect(
    look()
      .upper('')
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  ).toEqual([
    { name: 'closed', kind: 'folder', closed: true },
    { name: 'open', kind: 'folder' },
  ]);
});

test('a link of the project is not followed out of it', () => {
  const { upper, lower, outside, put, open, look } = folders();
  symlinkSync(outside, join(lower, 'pkg'));
  put(join(outside, 'a'), 'secret\n');
  open(join(upper, 'pkg'));
  put(join(upper, 'pkg/a'), 'secret\n');
  const { upper: list, lower: below } = look();
  expect(list('pkg')).toEqual([{ name: 'a', kind: 'file', asWanted: false }]);
  expect([below.kind('pkg'), below.kind('pkg/a')]).toEqual(['file', null]);
});

test('a folder that becomes a link while it is looked at leads nowhere', () => {
  const { upper, outside, put, open, look } = folders();
  open(join(upper, 'pkg'));
  open(join(upper, 'pkg/sub'));
  open(join(outside, 'sub'));
  put(join(outside, 'sub/secret'), '');
  const { upper: list } = look();
  expect(list('')).toEqual([{ name: 'pkg', kind: 'folder' }]);
  renameSync(join(upper, 'pkg'), join(upper, 'was'));
  symlinkSync(outside, join(upper, 'pkg'));
  expect(() => list('pkg/sub')).toThrow('is somewhere else');
  expect(() => list('pkg')).toThrow('ENOTDIR');
});
