import { appendFileSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { git, makeExecutable, repository, tempDir, write } from '../snapshots/lab.ts';
import { eyesOn } from './eyes.ts';

/** Something that is surely seen, after everything that was done before it. */
async function mark(dir: string, eyes: Awaited<ReturnType<typeof eyesOn>>): Promise<void> {
  const before = eyes.now();
  appendFileSync(join(dir, 'mark.txt'), 'x');
  await waitFor(() => eyes.now() !== before, 'the mark to be seen');
}

test('a save is seen by looking at that file alone; the same content again is none', async () => {
  const dir = repository({ 'train.py': 'print(1)\n', 'src/a.py': 'a\n', 'mark.txt': '' });
  const eyes = await eyesOn(dir);
  expect(eyes.sees).toEqual(['events']);
  write(dir, { 'src/a.py': 'b\n' });
  const seen = await waitFor(() => eyes.seen.find(({ changed }) => changed?.includes('src/a.py')), 'the edit');
  expect(seen).toMatchObject({ changed: ['src/a.py'], before: eyes.trees()[0] });
  const tree = await eyes.caughtUp();
  write(dir, { 'src/a.py': 'b\n' });
  utimesSync(join(dir, 'train.py'), 1, 1);
  await mark(dir, eyes);
  await eyes.caughtUp();
  expect(eyes.trees()).toHaveLength(3);
  expect(eyes.trees()[1]).toBe(tree);
});

test('atomic saves, modes, links, deleted and new files and folders', async () => {
  const dir = repository({ 'train.py': '1\n', 'tools/run.sh': '#!/bin/sh\n', 'old/gone.py': 'x\n', 'mark.txt': '' });
  const eyes = await eyesOn(dir);
  const done = async (): Promise<string> => eyes.caughtUp();
  // as vim does: a trial file, the old one moved away, a new one in its place
  write(dir, { '4913': '' });
  unlinkSync(join(dir, '4913'));
  renameSync(join(dir, 'train.py'), join(dir, 'train.py~'));
  write(dir, { 'train.py': '2\n' });
  unlinkSync(join(dir, 'train.py~'));
  await done();
  // as others do: written beside it, renamed over it
  write(dir, { '.train.py.tmp': '3\n' });
  renameSync(join(dir, '.train.py.tmp'), join(dir, 'train.py'));
  await done();
  makeExecutable(join(dir, 'tools/run.sh'));
  await done();
  symlinkSync('train.py', join(dir, 'link.py'));
  await done();
  write(dir, { 'new/deep/er/file.py': '1\n' });
  await done();
  // into a folder that was not there at the beginning
  write(dir, { 'new/deep/er/file.py': '2\n', 'new/deep/other.py': '1\n' });
  await done();
  mkdirSync(join(dir, 'empty'));
  await mark(dir, eyes);
  write(dir, { 'empty/first.py': '1\n' });
  await done();
  renameSync(join(dir, 'new'), join(dir, 'renamed'));
  await done();
  write(dir, { 'renamed/deep/er/file.py': '3\n' });
  await done();
  rmSync(join(dir, 'renamed'), { recursive: true });
  await done();
  // another folder under the name of one that was watched
  write(dir, { 'renamed/deep/er/file.py': '4\n' });
  await done();
  write(dir, { 'renamed/deep/er/file.py': '5\n' });
  await done();
  rmSync(join(dir, 'old'), { recursive: true });
  write(dir, { old: 'a file now\n' });
  await done();
});

test('folders that no snapshot looks into are not watched, and what is in them is not looked at', async () => {
  const dir = repository({
    '.gitignore': 'data/\n*.log\n__pycache__/\n',
    '.dstackignore': 'scratch/\n!data/keep.txt\n',
    'src/a.py': '1\n',
    'mark.txt': '',
  });
  write(dir, {
    'data/many/0/x.bin': 'x',
    'data/many/1/x.bin': 'x',
    'data/keep.txt': 'kept',
    'scratch/in/x': 'x',
    'src/__pycache__/a.pyc': 'x',
  });
  const nested = repository({ 'lib/b.py': 'b\n', '.gitignore': 'build/\n' }, join(dir, 'nested'));
  write(nested, { 'build/deep/out.o': 'o' });
  const eyes = await eyesOn(dir);
  // the project, src, data (for what comes back), nested, nested/lib
  expect(eyes.watch.folders()).toBe(5);
  const looks = eyes.seen.length;
  write(dir, { 'data/many/0/x.bin': 'y', 'scratch/in/x': 'y', 'src/__pycache__/b.pyc': 'x', 'nested/build/deep/out.o': 'p' });
  await mark(dir, eyes);
  expect(eyes.seen.slice(looks).map(({ changed }) => changed)).toEqual([['mark.txt']]);
  write(dir, { 'data/keep.txt': 'kept, changed', 'nested/lib/b.py': 'c\n' });
  await eyes.caughtUp();
  // a log in the project's folder, written all the time: looked at once, then known
  write(dir, { 'train.log': '1\n' });
  await waitFor(() => eyes.seen.at(-1)?.changed === undefined, 'a whole look');
  await eyes.caughtUp();
  await mark(dir, eyes);
  const before = eyes.seen.length;
  for (let i = 0; i < 20; i++) appendFileSync(join(dir, 'train.log'), 'more\n');
  await mark(dir, eyes);
  expect(eyes.seen).toHaveLength(before + 1);
});

test('what the ignore files say is heard at once', async () => {
  const dir = repository({ 'a.py': '1\n', 'data/x.bin': 'x', 'mark.txt': '' });
  write(dir, { 'out/result.txt': '1', 'more/x': '1' });
  const eyes = await eyesOn(dir);
  expect(eyes.watch.folders()).toBe(4);
  write(dir, { '.gitignore': 'out/\n' });
  await waitFor(() => eyes.watch.folders() === 3, 'out to be watched no more');
  await eyes.caughtUp();
  write(dir, { '.dstackignore': 'data/\n' });
  await waitFor(() => eyes.watch.folders() === 2, 'data to be watched no more');
  await eyes.caughtUp();
  write(dir, { '.git/info/exclude': 'more/\n' });
  await waitFor(() => eyes.watch.folders() === 1, 'more to be watched no more');
  await eyes.caughtUp();
  write(dir, { '.git/info/exclude': '', '.gitignore': '', '.dstackignore': '' });
  await waitFor(() => eyes.watch.folders() === 4, 'all to be watched again');
  await eyes.caughtUp();
  write(dir, { 'out/result.txt': '2', 'more/x': '2' });
  await eyes.caughtUp();
});

test('a file that git begins to track, though it is ignored', async () => {
  const dir = repository({ '.gitignore': '*.bin\n', 'a.py': '1\n' });
  write(dir, { 'model.bin': 'm' });
  const eyes = await eyesOn(dir);
  git(dir, 'add', '-f', 'model.bin');
  await eyes.caughtUp();
});

test('a branch that is switched is one change', async () => {
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`pkg${i % 30}/m${i}.py`, `one ${i}\n`]));
  const dir = repository({ ...files, 'only-here/x.py': 'x\n' });
  git(dir, 'checkout', '-q', '-b', 'other');
  write(dir, Object.fromEntries(Object.keys(files).map((path) => [path, `two ${path}\n`])));
  write(dir, { 'there/y.py': 'y\n' });
  git(dir, 'rm', '-rq', 'only-here');
  git(dir, 'add', '-A');
  git(dir, 'commit', '-q', '-m', 'other');
  const eyes = await eyesOn(dir);
  git(dir, 'checkout', '-q', 'main');
  await eyes.caughtUp();
  expect(eyes.trees()).toHaveLength(2);
  git(dir, 'checkout', '-q', 'other');
  await eyes.caughtUp();
  expect(eyes.trees()).toHaveLength(3);
  expect(eyes.trees()[2]).toBe(eyes.trees()[0]);
});

test('a lock that a killed git left stops nobody', async () => {
  const dir = repository({ 'a.py': '1\n' });
  write(dir, { '.git/index.lock': '' });
  utimesSync(join(dir, '.git/index.lock'), 1, 1);
  const eyes = await eyesOn(dir);
  write(dir, { 'a.py': '2\n' });
  await eyes.caughtUp();
});

test('a directory without a repository; it goes away and comes back', async () => {
  const dir = join(tempDir(), 'project');
  write(dir, { 'a.py': '1\n', 'sub/b.py': '1\n', '.gitignore': 'big/\n', 'big/x': 'x' });
  const eyes = await eyesOn(dir);
  expect(eyes.watch.folders()).toBe(2);
  renameSync(dir, `${dir}.away`);
  await waitFor(() => eyes.notices.at(-1)?.includes('is gone'), 'the notice');
  const looks = eyes.seen.length;
  renameSync(`${dir}.away`, dir);
  await waitFor(() => eyes.seen.length > looks && eyes.notices.at(-1) === null, 'it to be seen again', { seconds: 10 });
  write(dir, { 'sub/b.py': '2\n' });
  await eyes.caughtUp();
  expect(statSync(dir).isDirectory()).toBe(true);
});

test('names that are no UTF-8, and those that patterns could trip over', async () => {
  const dir = repository({ 'a.py': '1\n' });
  const odd = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe]), Buffer.from(' [x]*')]);
  mkdirSync(odd);
  const eyes = await eyesOn(dir);
  writeFileSync(Buffer.concat([odd, Buffer.from('/f')]), '1');
  await eyes.caughtUp();
  writeFileSync(Buffer.concat([odd, Buffer.from('/f')]), '2');
  await eyes.caughtUp();
});
