import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository, shoot, snapshotsIn, tempDir, write } from './lab.ts';

const names = async (snapshots: ReturnType<typeof snapshotsIn>, dir: string) => Object.keys((await shoot(snapshots, dir)).holds).sort();

test('.dstackignore leaves out untracked and tracked files, and files of nested repositories', async () => {
  const dir = repository({ 'a.py': '1', 'notes.md': '2', 'docs/x.md': '3', 'docs/keep.md': '4', 'out/model': '5' });
  repository({ 'n.py': '1', 'n.md': '2' }, join(dir, 'nested'));
  write(dir, { '.dstackignore': '*.md\n!keep.md\n/out/\n# comment\n', 'new.md': '6', 'sub/out/x': '7' });
  expect(await names(snapshotsIn(tempDir()), dir)).toEqual(['.dstackignore', 'a.py', 'docs/keep.md', 'nested/n.py', 'sub/out/x']);
});

test('.dstackignore brings back what .gitignore leaves out, also from below an ignored directory', async () => {
  const dir = repository({ '.gitignore': 'data/\n*.bin\nnode_modules/\nsecret\n' });
  write(dir, {
    ...{ 'data/small.csv': '1', 'data/big.csv': '2', 'data/deep/x.csv': '3', 'w.bin': '4', 'm/w.bin': '5', 'm/v.bin': '6' },
    ...{ 'node_modules/x/i.js': '7', 'cache/a/1': '8', 'cache/b/2': '9', secret: 's' },
    '.dstackignore': '!data/small.csv\n!data/deep/\n!w.bin\ncache/*\n!cache/b/\n',
  });
  const expected = ['.dstackignore', '.gitignore', 'cache/b/2', 'data/deep/x.csv', 'data/small.csv', 'm/w.bin', 'w.bin'];
  expect(await names(snapshotsIn(tempDir()), dir)).toEqual(expected);
});

test('the last pattern wins, and an edit of the file counts at once', async () => {
  const dir = repository({ '.gitignore': '*.bin\n' });
  write(dir, { 'a.bin': '1', 'b.bin': '2', '.dstackignore': '!*.bin\nb.bin\n' });
  const snapshots = snapshotsIn(tempDir());
  expect(await names(snapshots, dir)).toEqual(['.dstackignore', '.gitignore', 'a.bin']);
  write(dir, { '.dstackignore': 'b.bin\n!*.bin\n' });
  expect(await names(snapshots, dir)).toEqual(['.dstackignore', '.gitignore', 'a.bin', 'b.bin']);
  write(dir, { '.dstackignore': '.gitignore\n' });
  expect(await names(snapshots, dir)).toEqual(['.dstackignore']);
});

test('in a directory without a repository, and in one below a repository', async () => {
  const plain = tempDir();
  write(plain, { a: '1', 'data/x': '2', '.dstackignore': 'data\n' });
  expect(await names(snapshotsIn(tempDir()), plain)).toEqual(['.dstackignore', 'a']);
  const top = repository({ '.gitignore': 'data/\n', 'build/p/a': '1', 'build/p/b': '2' });
  write(top, { 'build/p/.dstackignore': 'build\n/b\n!data/\n', 'build/p/data/x': '3' });
  expect(await names(snapshotsIn(tempDir()), join(top, 'build/p'))).toEqual(['.dstackignore', 'a', 'data/x']);
});
