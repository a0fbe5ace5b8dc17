import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../../shared/make-folder.ts';
import { scratchDir } from '../support/scratch.ts';

test('makes what is missing, and leaves what is there', () => {
  const dir = scratchDir('m');
  makeFolder(join(dir, 'a/b/c'), 0o700);
  expect(statSync(join(dir, 'a/b/c')).mode & 0o777).toBe(0o700);
  mkdirSync(join(dir, 'open'), { mode: 0o755 });
  makeFolder(join(dir, 'open'), 0o700);
  expect(statSync(join(dir, 'open')).mode & 0o777).toBe(0o755);
  symlinkSync('open', join(dir, 'link'));
  makeFolder(join(dir, 'link/below'));
  makeFolder(join(dir, 'link'));
  expect(statSync(join(dir, 'open/below')).isDirectory()).toBe(true);
});

test('throws for what cannot be made, instead of trying for ever', () => {
  const dir = scratchDir('m');
  writeFileSync(join(dir, 'file'), '');
  symlinkSync('nowhere/x', join(dir, 'dangling'));
  expect(() => makeFolder(join(dir, 'file'))).toThrow('EEXIST');
  expect(() => makeFolder(join(dir, 'file/below'))).toThrow('ENOTDIR');
  expect(() => makeFolder(join(dir, 'dangling'))).toThrow('ENOENT');
  expect(() => makeFolder('/proc/nosuch')).toThrow('ENOENT');
  expect(() => makeFolder('/proc/nosuch/a/b')).toThrow('ENOENT');
});
