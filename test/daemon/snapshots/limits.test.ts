import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository, shoot, snapshotsIn, tempDir, write } from './lab.ts';

test('above the limit nothing is hashed, and the biggest folders are named', async () => {
  const dir = repository({ 'train.py': 'x'.repeat(100) });
  write(dir, { 'exp/2024/data/a': 'a'.repeat(5000), 'exp/2024/data/b': 'b'.repeat(5000), 'exp/notes': 'n'.repeat(50), 'huge.bin': '' });
  truncateSync(join(dir, 'huge.bin'), 3e9);
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  const failure = {
    code: 'too_large',
    message: expect.stringMatching(/3 GB.*limit.* 1 GB.*huge\.bin \(3 GB\), exp\/2024\/data\/ \(10 kB\)/) as string,
  };
  expect(await snapshots.take(dir)).toMatchObject({
    ok: false,
    failure: { ...failure, hint: expect.stringMatching(/mounts.*\.dstackignore/) as string },
  });
  expect((await snapshots.use()).objects.bytes).toBeLessThan(200_000);
  write(dir, { '.dstackignore': 'huge.bin\n' });
  expect((await shoot(snapshots, dir)).files).toBe(5);
});

test('growth counts towards the limit, and the limit is read each time', async () => {
  const dir = repository({ a: 'a'.repeat(400), b: 'b' });
  let limit = 500;
  const snapshots = snapshotsIn(tempDir(), { maxBytes: () => limit });
  expect(await snapshots.take(dir)).toMatchObject({ ok: true });
  write(dir, { b: 'b'.repeat(101) });
  expect(await snapshots.take(dir)).toMatchObject({ ok: false });
  limit = 501;
  expect(await snapshots.take(dir)).toMatchObject({ ok: true });
});

test('a big snapshot names its biggest files', async () => {
  const dir = repository({ 'train.py': 'x' });
  writeFileSync(join(dir, 'weights.bin'), Buffer.alloc(30_000));
  write(dir, { 'data/table.csv': 't'.repeat(20_000) });
  const { warnings } = await shoot(snapshotsIn(tempDir(), { warnBytes: () => 40_000 }), dir);
  expect(warnings).toEqual([expect.stringMatching(/50 kB in 3 files.*weights\.bin \(30 kB\), data\/table\.csv \(20 kB\)/)]);
  expect((await shoot(snapshotsIn(tempDir(), { warnBytes: () => 60_000 }), dir)).warnings).toEqual([]);
});

test('a huge untracked file within the limit comes through unchanged', async () => {
  const dir = tempDir();
  const block = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => (i * 7919) % 256));
  writeFileSync(join(dir, 'big'), Buffer.concat(Array.from({ length: 90 }, () => block)));
  const shot = await shoot(snapshotsIn(tempDir()), dir);
  expect(shot.bytes).toBe(90_000_000);
  expect(shot.holds['big']).toMatch(/^file 90000000 bytes [0-9a-f]{40}$/);
  expect(shot.holds['big']).toBe((await import('./lab.ts')).contents(dir)['big']);
});
