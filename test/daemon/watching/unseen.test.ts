import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { watchProject } from '../../../daemon/watching/project-watch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { git, repository, snapshotsIn, tempDir, write } from '../snapshots/lab.ts';
import { eyesOn } from './eyes.ts';

/** All that was heard of before is over: an edit of `a.py` is seen, and the look at everything that follows it. */
async function afterAnEdit(eyes: Awaited<ReturnType<typeof eyesOn>>, dir: string): Promise<void> {
  let edits = 0;
  const edited = (): boolean | undefined => {
    if (eyes.seen.at(-1)?.changed?.includes('a.py')) return true;
    write(dir, { 'a.py': `edit ${edits++}\n` });
    return false;
  };
  // one that falls into a look at everything is not seen by itself
  await waitFor(edited, 'the edit', { every: 300 });
  await waitFor(() => eyes.seen.at(-1)?.changed === undefined, 'the look after it');
}

test('a folder that is made anew at once, under its name and often with its inode', async () => {
  const dir = repository({ 'a.py': '1\n', 'pkg/sub/b.py': '1\n' });
  const eyes = await eyesOn(dir);
  const inode = statSync(join(dir, 'pkg')).ino;
  for (let i = 0; i === 0 || (i < 100 && statSync(join(dir, 'pkg')).ino !== inode); i++) {
    rmSync(join(dir, 'pkg'), { recursive: true });
    write(dir, { 'pkg/sub/b.py': '2\n' });
  }
  await eyes.caughtUp();
  write(dir, { 'pkg/sub/b.py': '3\n' });
  await eyes.caughtUp();
  write(dir, { 'pkg/c.py': '3\n' });
  await eyes.caughtUp();
  expect(eyes.sees).toEqual(['events']);
});

test('what git begins to track in a folder that is ignored is watched from then on', async () => {
  const dir = repository({ '.gitignore': 'data/\n', 'a.py': '1\n' });
  write(dir, { 'data/in/keep.txt': '1' });
  const eyes = await eyesOn(dir);
  git(dir, 'add', '-f', 'data/in/keep.txt');
  await eyes.caughtUp();
  write(dir, { 'data/in/keep.txt': '2' });
  await eyes.caughtUp();
  expect(eyes.seen.at(-1)?.dirty).toBe(true);
});

test('a file that was found to be ignored, and is tracked now', async () => {
  const dir = repository({ '.gitignore': '*.log\n', 'a.py': '1\n' });
  const eyes = await eyesOn(dir);
  const looks = eyes.seen.length;
  write(dir, { 'train.log': '1' });
  await waitFor(() => eyes.seen.length > looks, 'a look');
  git(dir, 'add', '-f', 'train.log');
  await eyes.caughtUp();
  write(dir, { 'train.log': '2' });
  await eyes.caughtUp();
  expect(eyes.seen.at(-1)?.dirty).toBe(true);
});

test('a folder that becomes a repository: what is tracked there is heard of', async () => {
  const dir = tempDir();
  write(dir, { 'a.py': '1\n', '.gitignore': '*.bin\n', 'model.bin': '1' });
  const eyes = await eyesOn(dir);
  git(dir, 'init', '-q');
  git(dir, 'add', 'a.py', '.gitignore');
  await waitFor(() => eyes.seen.at(-1)?.branch === 'main', 'the repository to be found');
  await afterAnEdit(eyes, dir);
  git(dir, 'add', '-f', 'model.bin');
  await eyes.caughtUp();
  expect(eyes.seen.at(-1)?.files).toBe(3);
});

test('a new file that is gone during the look at it, and comes again', async () => {
  const dir = repository({ 'a.py': '1\n' });
  const eyes = await eyesOn(dir);
  const take = vi.spyOn(eyes.snapshots, 'take').mockImplementationOnce((project) => {
    rmSync(join(dir, 'new.py'));
    return eyes.snapshots.take(project);
  });
  write(dir, { 'new.py': '1\n' });
  const before = eyes.seen.length;
  await waitFor(() => take.mock.calls.length > 1 && eyes.seen.length > before, 'the look');
  await afterAnEdit(eyes, dir);
  write(dir, { 'new.py': '2\n' });
  await eyes.caughtUp();
  expect(eyes.seen.at(-1)?.files).toBe(2);
});

test('while no snapshot can be taken no edit is passed on without what else is new', async () => {
  const dir = repository({ 'a.py': '1\n' });
  const eyes = await eyesOn(dir, tempDir(), { maxBytes: () => 20_000 });
  write(dir, { 'big.bin': Buffer.alloc(30_000), 'helper.py': '1\n' });
  await waitFor(() => eyes.notices.at(-1)?.includes('limit of a snapshot'), 'the notice');
  const looks = [vi.spyOn(eyes.snapshots, 'take'), vi.spyOn(eyes.snapshots, 'takeAgain')];
  write(dir, { 'a.py': 'import helper\n' });
  await waitFor(() => looks.some(({ mock }) => mock.calls.length > 0), 'the look at the edit');
  rmSync(join(dir, 'big.bin'));
  await waitFor(() => eyes.seen.at(-1)?.files === 2, 'the snapshot with all of it');
  expect(eyes.notices.at(-1)).toBe(null);
  expect(eyes.trees()).toHaveLength(2);
});

test('a watch that ends in the middle of a look leaves nothing open', async () => {
  const dir = repository({ 'a.py': '1\n' });
  const before = inotifyWatches();
  const snapshots = snapshotsIn(tempDir());
  const looking = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const take = snapshots.take;
  vi.spyOn(snapshots, 'take').mockImplementation(async (project) => {
    looking.resolve();
    await goOn.promise;
    return take(project);
  });
  const watch = watchProject(
    { dir, snapshots, logger: { info: () => undefined } },
    { onSnapshot: async () => undefined, onSees: () => undefined, onNotice: () => undefined },
  );
  await looking.promise;
  const ended = watch.end();
  goOn.resolve();
  await ended;
  expect(inotifyWatches()).toBe(before);
});

test('a branch whose files take seconds to be written is one change', async () => {
  const dir = repository({ 'a.py': '1\n', 'b.py': '1\n' });
  const eyes = await eyesOn(dir);
  // git holds it from the first file to the last
  write(dir, { '.git/index.lock': '' });
  write(dir, { 'a.py': '2\n' });
  const began = Date.now();
  await waitFor(() => Date.now() - began > 3_000, 'git to be in the middle of it', { every: 100 });
  write(dir, { 'b.py': '2\n' });
  rmSync(join(dir, '.git/index.lock'));
  await eyes.caughtUp();
  expect(eyes.trees()).toHaveLength(2);
});

/** Of this process, as proc_pid_fdinfo(5) shows them. */
const inotifyWatches = (): number =>
  readdirSync('/proc/self/fdinfo').reduce((sum, fd) => {
    try {
      return sum + readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').split('inotify wd:').length - 1;
    } catch {
      // the listing's own
      return sum;
    }
  }, 0);
