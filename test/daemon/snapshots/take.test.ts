import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contents, git, repository, shoot, snapshotsIn, tempDir, write } from './lab.ts';

test('a repository: tracked, edited, untracked and force-added files, binary ones, links and exec bits; not the ignored and the deleted', async () => {
  const dir = repository({ 'a.py': 'a', 'gone.py': 'x', 'sub/b.py': 'b', '.gitignore': '*.log\nbuild/\n', 'forced.log': 'kept' });
  git(dir, 'add', '-f', 'forced.log');
  write(dir, {
    'a.py': 'edited',
    'new.bin': Buffer.from([0, 255, 13, 10, 26]),
    'run.sh': '#!/bin/sh',
    'x.log': 'no',
    'build/o': 'no',
    empty: '',
  });
  chmodSync(join(dir, 'run.sh'), 0o755);
  rmSync(join(dir, 'gone.py'));
  symlinkSync('sub/b.py', join(dir, 'link'));
  symlinkSync('/nowhere', join(dir, 'broken'));
  const shot = await shoot(snapshotsIn(tempDir()), dir);
  expect(shot.holds).toEqual({
    '.gitignore': 'file *.log\nbuild/\n',
    'a.py': 'file edited',
    'sub/b.py': 'file b',
    'forced.log': 'file kept',
    'new.bin': 'file \x00\xff\r\n\x1a',
    'run.sh': 'exec #!/bin/sh',
    empty: 'file ',
    link: 'link sub/b.py',
    broken: 'link /nowhere',
  });
  expect(shot).toMatchObject({ commit: git(dir, 'rev-parse', 'HEAD'), branch: 'main', dirty: true, files: 9, warnings: [] });
  expect(shot.bytes).toBe(13 + 6 + 1 + 4 + 5 + 9 + 0 + 8 + 8);
});

test('commit, branch and dirty tell the truth', async () => {
  const dir = repository({ a: '1' });
  const snapshots = snapshotsIn(tempDir());
  const now = async () => {
    const { commit, branch, dirty } = await shoot(snapshots, dir);
    return { commit: commit?.length ?? null, branch, dirty };
  };
  expect(await now()).toEqual({ commit: 40, branch: 'main', dirty: false });
  write(dir, { new: '' });
  expect(await now()).toEqual({ commit: 40, branch: 'main', dirty: true });
  rmSync(join(dir, 'new'));
  git(dir, 'checkout', '-q', '--detach');
  expect(await now()).toEqual({ commit: 40, branch: null, dirty: false });
});

test('a repository without commits has no commit, a directory without a repository neither commit nor branch', async () => {
  const fresh = tempDir();
  git(fresh, 'init', '-q');
  write(fresh, { a: '1' });
  expect(await shoot(snapshotsIn(tempDir()), fresh)).toMatchObject({ commit: null, dirty: true, holds: { a: 'file 1' } });
  const plain = tempDir();
  write(plain, { a: '1', 'deep/b': '2', '.gitignore': 'data/\n', 'data/x': 'no' });
  expect(await shoot(snapshotsIn(tempDir()), plain)).toMatchObject({
    ...{ commit: null, branch: null, dirty: false },
    holds: { a: 'file 1', 'deep/b': 'file 2', '.gitignore': 'file data/\n' },
  });
});

test('an empty project is a snapshot of nothing', async () => {
  const dir = tempDir();
  expect(await shoot(snapshotsIn(tempDir()), dir)).toMatchObject({
    files: 0,
    bytes: 0,
    holds: {},
    tree: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  });
});

test('a project in a subdirectory of a repository: only that, under the rules of the whole; dirty means there', async () => {
  const top = repository({ '.gitignore': '*.tmp\n', outside: 'o', 'pro ject/in': 'i', 'pro ject/deep/in': 'd' });
  const dir = join(top, 'pro ject');
  write(top, { outside: 'edited', 'pro ject/x.tmp': 'no' });
  const snapshots = snapshotsIn(tempDir());
  expect(await shoot(snapshots, dir)).toMatchObject({ holds: { in: 'file i', 'deep/in': 'file d' }, dirty: false, branch: 'main' });
  write(dir, { new: 'n' });
  expect(await shoot(snapshots, dir)).toMatchObject({ holds: { in: 'file i', 'deep/in': 'file d', new: 'file n' }, dirty: true });
});

test('a project that an outer repository ignores is a plain directory', async () => {
  const top = repository({ '.gitignore': '*\n' });
  write(top, { 'project/a': '1' });
  expect(await shoot(snapshotsIn(tempDir()), join(top, 'project'))).toMatchObject({ holds: { a: 'file 1' }, commit: null });
});

test('the repository is not written to', async () => {
  const dir = repository({ a: '1', b: '2' });
  write(dir, { a: 'x', c: 'y' });
  const before = contents(join(dir, '.git'));
  const snapshots = snapshotsIn(tempDir());
  await shoot(snapshots, dir);
  write(dir, { b: 'z' });
  await shoot(snapshots, dir);
  expect(contents(join(dir, '.git'))).toEqual(before);
});

test('variables of the daemon that point git elsewhere do not count', async () => {
  const dir = repository({ a: '1' });
  const other = repository({ other: '1' });
  process.env['GIT_DIR'] = join(other, '.git');
  process.env['GIT_INDEX_FILE'] = '/nonexistent/index';
  try {
    expect(await shoot(snapshotsIn(tempDir()), dir)).toMatchObject({ holds: { a: 'file 1' }, dirty: false });
  } finally {
    delete process.env['GIT_DIR'];
    delete process.env['GIT_INDEX_FILE'];
  }
});

test('a staged file that is ignored is there at once, and gone when it is unstaged', async () => {
  const dir = repository({ '.gitignore': '*.log\n' });
  write(dir, { 'x.log': '1' });
  const snapshots = snapshotsIn(tempDir());
  expect(Object.keys((await shoot(snapshots, dir)).holds)).toEqual(['.gitignore']);
  git(dir, 'add', '-f', 'x.log');
  expect(Object.keys((await shoot(snapshots, dir)).holds)).toEqual(['.gitignore', 'x.log']);
  git(dir, 'rm', '-q', '--cached', 'x.log');
  expect(Object.keys((await shoot(snapshots, dir)).holds)).toEqual(['.gitignore']);
});

test('our own home inside the project does not belong to it', async () => {
  const dir = tempDir();
  write(dir, { a: '1', 'home/daemon.log': 'x' });
  mkdirSync(join(dir, 'home'), { recursive: true });
  const snapshots = snapshotsIn(join(dir, 'home'));
  await shoot(snapshots, dir);
  expect((await shoot(snapshots, dir)).holds).toEqual({ a: 'file 1' });
});

test('a repository that git status cannot handle is taken all the same, as not committed', async () => {
  const dir = repository({ a: '1' });
  git(dir, 'config', 'filter.broken.clean', 'false');
  git(dir, 'config', 'filter.broken.required', 'true');
  write(dir, { '.gitattributes': 'a filter=broken\n', a: '2', new: '3', '.gitignore': 'no\n', no: 'x' });
  const shot = await shoot(snapshotsIn(tempDir()), dir);
  expect(shot).toMatchObject({
    ...{ dirty: true, branch: 'main', commit: git(dir, 'rev-parse', 'HEAD') },
    holds: { '.gitattributes': 'file a filter=broken\n', a: 'file 2', new: 'file 3', '.gitignore': 'file no\n' },
  });
});

test('a project that is not there is said to be missing', async () => {
  expect(await snapshotsIn(tempDir()).take('/nonexistent/project')).toMatchObject({ ok: false, failure: { code: 'no_project' } });
});

test('a file that is staged while it is looked for is not missed', async () => {
  const dir = repository({ a: '1' });
  const snapshots = snapshotsIn(tempDir());
  await shoot(snapshots, dir);
  write(dir, { new: '2' });
  // a git that stages the file just before it answers `status`, as a user in another terminal may
  const bin = tempDir();
  const path = process.env['PATH'] ?? '';
  const script = `#!/bin/sh\nPATH='${path}'\ncase "$*" in *status*) git -C '${dir}' add new;; esac\nexec git "$@"\n`;
  write(bin, { git: script });
  chmodSync(join(bin, 'git'), 0o755);
  process.env['PATH'] = `${bin}:${path}`;
  try {
    expect((await shoot(snapshots, dir)).holds).toEqual({ a: 'file 1', new: 'file 2' });
  } finally {
    process.env['PATH'] = path;
  }
});
