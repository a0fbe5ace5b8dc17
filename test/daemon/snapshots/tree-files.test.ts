import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TooBig } from '../../../daemon/snapshots/tree-files.ts';
import { unwrap } from '../../../shared/result.ts';
import { must } from '../../support/command.ts';
import { snapshotsIn, tempDir } from './lab.ts';

/** Whether objects lie loose or in a pack, which only git reads. */
test.each(['loose', 'packed'])('the files in which two snapshots differ, and what is in them, from %s objects', async (how) => {
  const [home, project] = [tempDir(), tempDir()];
  const snapshots = snapshotsIn(home);
  const put = (path: string, text: string | Buffer) => writeFileSync(join(project, path), text);
  mkdirSync(join(project, 'a/b'), { recursive: true });
  mkdirSync(join(project, 'turned'));
  put('same', 'same');
  put('a/b/changed', 'one');
  put('a/gone', 'gone');
  put('program', '#!/bin/sh');
  put('turned/x', 'x');
  const before = unwrap(await snapshots.take(project));
  put('a/b/changed', 'two\n');
  rmSync(join(project, 'a/gone'));
  chmodSync(join(project, 'program'), 0o755);
  rmSync(join(project, 'turned'), { recursive: true });
  put('turned', Buffer.from([0, 255, 10]));
  symlinkSync('same', join(project, 'link'));
  put('empty', '');
  const after = unwrap(await snapshots.take(project));
  if (how === 'packed') {
    const [shadow = ''] = (await must('find', [join(home, 'snapshots'), '-name', 'refs', '-maxdepth', '2'])).trim().split('\n');
    await must('git', ['--git-dir', join(shadow, '..'), 'repack', '-a', '-d', '-q']);
  }
  const changes = await snapshots.changedFiles(project, before.tree, after.tree);
  const text = async (id: string | undefined) =>
    id === undefined ? null : (await snapshots.readContents(project, [id])).get(id)?.toString('latin1');
  const seen = await Promise.all(
    changes.map(async ({ path, from, to }) => [path, from?.kind ?? null, await text(from?.id), to?.kind ?? null, await text(to?.id)]),
  );
  expect(seen.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))).toEqual([
    ['a/b/changed', 'file', 'one', 'file', 'two\n'],
    ['a/gone', 'file', 'gone', null, null],
    ['empty', null, null, 'file', ''],
    ['link', null, null, 'link', 'same'],
    ['program', 'file', '#!/bin/sh', 'program', '#!/bin/sh'],
    ['turned', null, null, 'file', '\0\xff\n'],
    ['turned/x', 'file', 'x', null, null],
  ]);
  expect(await snapshots.changedFiles(project, after.tree, after.tree)).toEqual([]);
  const all = changes.flatMap(({ from, to }) => [from?.id ?? [], to?.id ?? []].flat());
  expect((await snapshots.readContents(project, all)).size).toBe(new Set(all).size);
  const [big = ''] = changes.flatMap(({ path, to }) => (path === 'program' ? (to?.id ?? []) : []));
  await expect(snapshots.readContents(project, [big], 8)).rejects.toBeInstanceOf(TooBig);
  expect((await snapshots.readContents(project, [big], 9)).get(big)?.toString()).toBe('#!/bin/sh');
  await expect(snapshots.readContents(project, ['0'.repeat(40)])).rejects.toThrow('not in the repository');
});
