import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { workspaceChange } from '../../../daemon/environments/workspace-changes.ts';
import { scratchDir } from '../../support/scratch.ts';

const fill = (dir: string, paths: string[]): void => {
  for (const path of paths) {
    if (path.endsWith('/')) mkdirSync(join(dir, path), { recursive: true });
    else {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), 'x');
    }
  }
};
const look = { mountPoints: ['out/deep', 'sub'], ignored: (path: string) => basename(path) === '__pycache__' };
/** As the kernel does with a folder that it copies up. */
const likeLower = (dir: string, path: string): void => {
  const { mtime } = statSync(join(dir, 'tree', path));
  utimesSync(join(dir, 'upper', path), mtime, mtime);
};

describe('the upper folder of an overlay', () => {
  test.each([
    [['new.txt'], 'new.txt'],
    [['src/new.txt'], 'src/new.txt'],
    [['empty/'], 'empty'],
    [['src/'], null],
    [['out/deep/', 'sub/'], null],
    [['out/other/'], 'out/other'],
    [['src/__pycache__/a.pyc', '__pycache__/'], null],
    [[], null],
  ])('%j: %s', async (written, change) => {
    const dir = scratchDir('w');
    fill(dir, ['tree/src/a.py', 'upper/', ...written.map((path) => `upper/${path}`)]);
    utimesSync(join(dir, 'tree/src'), 1, 1);
    if (written.some((path) => path === 'src/')) likeLower(dir, 'src');
    const mount = { type: 'overlay', lower: join(dir, 'tree'), upper: join(dir, 'upper'), work: join(dir, 'work') } as const;
    expect(await workspaceChange(mount, { ...look, tree: join(dir, 'tree') })).toBe(change);
  });
  test.each<[string, (folder: string) => void]>([
    ['mode', (folder) => chmodSync(folder, 0o711)],
    ['time, and nothing in it', (folder) => utimesSync(folder, 2, 2)],
  ])('a folder made anew in the place of one of the tree, told by its %s', async (_what, change) => {
    const dir = scratchDir('w');
    fill(dir, ['tree/src/a.py', 'upper/src/']);
    likeLower(dir, 'src');
    change(join(dir, 'upper/src'));
    const mount = { type: 'overlay', lower: join(dir, 'tree'), upper: join(dir, 'upper'), work: join(dir, 'work') } as const;
    expect(await workspaceChange(mount, { ...look, tree: join(dir, 'tree') })).toBe('src');
  });
  test('one that is not there counts as changed', async () => {
    const mount = { type: 'overlay', lower: '/', upper: '/nowhere/upper', work: '/' } as const;
    expect(await workspaceChange(mount, { ...look, tree: '/' })).toBe('.');
  });
});

describe('a copy', () => {
  test.each<[string, (dir: string) => void, string | null]>([
    ['untouched', () => {}, null],
    ['a new file', (dir) => writeFileSync(join(dir, 'src/new'), ''), 'src/new'],
    ['one that is gone', (dir) => writeFileSync(join(dir, '../tree/gone'), ''), 'gone'],
    ['another length', (dir) => writeFileSync(join(dir, 'a.txt'), 'longer'), 'a.txt'],
    ['another time', (dir) => utimesSync(join(dir, 'a.txt'), 1, 1), 'a.txt'],
    ['another mode', (dir) => chmodSync(join(dir, 'a.txt'), 0o700), 'a.txt'],
    ['a new link', (dir) => symlinkSync('a.txt', join(dir, 'link')), 'link'],
    ['a mount point', (dir) => mkdirSync(join(dir, 'out/deep'), { recursive: true }), null],
  ])('%s', async (_what, change, expected) => {
    const dir = scratchDir('w');
    fill(dir, ['tree/src/a.py', 'tree/a.txt']);
    execFileSync('cp', ['-a', join(dir, 'tree'), join(dir, 'files')]);
    change(join(dir, 'files'));
    const mount = { type: 'bind', source: join(dir, 'files'), readOnly: false } as const;
    expect(await workspaceChange(mount, { ...look, tree: join(dir, 'tree') })).toBe(expected);
  });
});
