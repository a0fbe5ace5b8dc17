import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { contents, git, repository, shoot, snapshotsIn, tempDir, write } from './lab.ts';

test('line endings, LFS and other filters, keywords and encodings leave every byte as it is', async () => {
  const dir = repository({ a: '' });
  git(dir, 'config', 'core.autocrlf', 'true');
  git(dir, 'config', 'filter.lfs.clean', 'sed s/./X/g');
  git(dir, 'config', 'filter.lfs.smudge', 'sed s/./Y/g');
  const utf16 = Buffer.from('\ufeffhello\n', 'utf16le');
  write(dir, {
    '.gitattributes':
      '*.txt text eol=lf\n*.dat filter=lfs diff=lfs merge=lfs -text\n*.id ident\n*.u16 text working-tree-encoding=UTF-16\n*.crlf crlf\n',
    'dos.txt': 'one\r\ntwo\r\n',
    'mixed.crlf': 'one\r\ntwo\n',
    'model.dat': 'weights',
    'version.id': '$Id$ $Id: abc $',
    'wide.u16': utf16,
  });
  const expected = contents(dir);
  expect((await shoot(snapshotsIn(tempDir()), dir)).holds).toEqual(expected);
  // and when there are enough of them for git to read them
  for (let i = 0; i < 80; i++) write(dir, { [`many/${i}.txt`]: `${i}\r\n`, [`many/${i}.dat`]: `data ${i}`, [`many/${i}.id`]: '$Id$' });
  expect((await shoot(snapshotsIn(tempDir()), dir)).holds).toEqual(contents(dir));
});

test('names with newlines, quotes, spaces, backslashes and bytes that are not UTF-8', async () => {
  const dir = repository({ a: '' });
  const names = ['new\nline', '"quoted"', "it's", ' spaces ', 'back\\slash', '-n', ':(glob)x', 'ünï', 'git~1', '*'];
  for (const name of names) write(dir, { [name]: name, [`in ${name}/f`]: name });
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe, 0x41])]), 'bytes');
  const snapshots = snapshotsIn(tempDir());
  const shot = await shoot(snapshots, dir);
  expect(shot.holds).toEqual(contents(dir));
  expect(shot.holds['\xff\xfeA']).toBe('file bytes');
  for (let i = 0; i < 80; i++) write(dir, { [`many/${i}\n"`]: `${i}` });
  expect((await shoot(snapshots, dir)).holds).toEqual(contents(dir));
});

test('names that Git cannot hold are left out, and said', async () => {
  const dir = tempDir();
  write(dir, { a: '1', 'x/.GIT/config': '2' });
  symlinkSync('a', join(dir, '.gitmodules'));
  const shot = await shoot(snapshotsIn(tempDir()), dir);
  expect(shot.holds).toEqual({ a: 'file 1' });
  expect(shot.warnings).toHaveLength(1);
  expect(shot.warnings[0]).toMatch(/cannot hold/);
  expect(shot.warnings[0]).toContain('.gitmodules');
  expect(shot.warnings[0]).toContain('x/.GIT/config');
});

test('sockets and pipes are no files, also in the place of a tracked one', async () => {
  const dir = repository({ a: '1', b: '2' });
  mkdirSync(join(dir, 'd'));
  execFileSync('mkfifo', [join(dir, 'd/pipe')]);
  const snapshots = snapshotsIn(tempDir());
  expect((await shoot(snapshots, dir)).holds).toEqual({ a: 'file 1', b: 'file 2' });
  execFileSync('sh', ['-c', 'rm b && mkfifo b'], { cwd: dir });
  expect((await shoot(snapshots, dir)).holds).toEqual({ a: 'file 1' });
});
