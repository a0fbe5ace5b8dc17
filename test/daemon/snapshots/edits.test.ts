import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { contents, git, repository, shoot, snapshotsIn, tempDir, write } from './lab.ts';

/** Enough files that git keeps them in our index. */
const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`many/${i % 7}/${i}`, `content ${i}`]));

test('an edit of the same size in the same second is seen', async () => {
  const dir = repository(many);
  const snapshots = snapshotsIn(tempDir());
  const first = await shoot(snapshots, dir);
  for (const content of ['CONTENT 3', 'Content 3', 'cONTENT 3']) {
    write(dir, { 'many/3/3': content });
    expect((await shoot(snapshots, dir)).holds['many/3/3']).toBe(`file ${content}`);
  }
  write(dir, { 'many/3/3': 'content 3' });
  expect((await shoot(snapshots, dir)).tree).toBe(first.tree);
});

test.each([1, 100])('edits of the same size that put the old times back are seen (%i files)', async (count) => {
  const dir = repository(many);
  const old = new Date('2020-02-02');
  const edit = (text: string) => {
    for (let i = 0; i < count; i++) {
      write(dir, { [`many/${i % 7}/${i}`]: `${text} ${i}` });
      utimesSync(join(dir, `many/${i % 7}/${i}`), old, old);
    }
  };
  edit('content');
  const snapshots = snapshotsIn(tempDir());
  await shoot(snapshots, dir);
  for (const text of ['CONTENT', 'Content', 'cOntent']) {
    edit(text);
    expect((await shoot(snapshots, dir)).holds).toEqual(contents(dir));
  }
});

test('so is such an edit some seconds later', async () => {
  const dir = repository(many);
  const old = new Date('2020-02-02');
  for (const path of Object.keys(many)) utimesSync(join(dir, path), old, old);
  const written = Date.now();
  const snapshots = snapshotsIn(tempDir());
  await shoot(snapshots, dir);
  await vi.waitUntil(() => Date.now() > written + 3000, { timeout: 10_000 });
  await shoot(snapshots, dir);
  write(dir, { 'many/3/3': 'CONTENT 3' });
  utimesSync(join(dir, 'many/3/3'), old, old);
  expect((await shoot(snapshots, dir)).holds).toEqual(contents(dir));
});

test('modes, renames, deletions and files, directories and links in each other’s place', async () => {
  const dir = repository({ ...many, 'dir/a': '1', file: '2', 'link-target/a': '3' });
  const snapshots = snapshotsIn(tempDir());
  const same = async () => expect((await shoot(snapshots, dir)).holds).toEqual(contents(dir));
  await same();
  chmodSync(join(dir, 'file'), 0o755);
  await same();
  renameSync(join(dir, 'many/2'), join(dir, 'moved'));
  await same();
  rmSync(join(dir, 'file'));
  write(dir, { 'file/inner': 'was a file' });
  await same();
  rmSync(join(dir, 'dir'), { recursive: true });
  write(dir, { dir: 'was a directory' });
  await same();
  // a tracked path that now leads through a link
  rmSync(join(dir, 'dir'));
  symlinkSync('link-target', join(dir, 'dir'));
  await same();
  rmSync(join(dir, 'file'), { recursive: true });
  mkdirSync(join(dir, 'file'));
  await same();
  rmSync(join(dir, 'many'), { recursive: true });
  await same();
});

test('a checkout of other contents, and many edits at once', async () => {
  const dir = repository(many);
  git(dir, 'checkout', '-q', '-b', 'other');
  for (let i = 0; i < 100; i++) write(dir, { [`many/${i % 7}/${i}`]: `other ${i}` });
  rmSync(join(dir, 'many/1'), { recursive: true });
  git(dir, 'add', '-A');
  git(dir, 'commit', '-q', '-m', 'other');
  const snapshots = snapshotsIn(tempDir());
  const other = await shoot(snapshots, dir);
  expect(other.holds).toEqual(contents(dir));
  git(dir, 'checkout', '-q', 'main');
  expect((await shoot(snapshots, dir)).holds).toEqual(contents(dir));
  git(dir, 'checkout', '-q', 'other');
  expect(await shoot(snapshots, dir)).toMatchObject({ tree: other.tree, dirty: false, branch: 'other' });
});

test('a new process goes on from what is on disk', async () => {
  const dir = repository(many);
  const home = tempDir();
  const first = await shoot(snapshotsIn(home), dir);
  expect(await shoot(snapshotsIn(home), dir)).toMatchObject({ tree: first.tree, bytes: first.bytes, files: first.files });
  write(dir, { 'many/0/0': 'edited', new: '1' });
  rmSync(join(dir, 'many/6/6'));
  const again = await shoot(snapshotsIn(home), dir);
  expect(again.holds).toEqual(contents(dir));
  expect(again.files).toBe(100);
});

test('a repository that comes, and goes', async () => {
  const dir = tempDir();
  write(dir, { a: '1' });
  const snapshots = snapshotsIn(tempDir());
  expect(await shoot(snapshots, dir)).toMatchObject({ commit: null, branch: null });
  repository({}, dir);
  expect(await shoot(snapshots, dir)).toMatchObject({ branch: 'main', holds: { a: 'file 1' } });
  rmSync(join(dir, '.git'), { recursive: true });
  expect(await shoot(snapshots, dir)).toMatchObject({ branch: null, holds: { a: 'file 1' } });
});
