import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Snapshot } from '../../../daemon/snapshots/snapshots.ts';
import { contents, git, repository, shoot, snapshotsIn, tempDir, write } from './lab.ts';

const start = (home: string, dir: string, times: number) =>
  spawn(process.execPath, [join(import.meta.dirname, 'take-here.ts'), home, dir, `${times}`], { stdio: ['ignore', 'pipe', 'inherit'] });

const fsck = (home: string): string => {
  const [shadow = ''] = readdirSync(join(home, 'snapshots'));
  const { stdout, stderr } = spawnSync('git', ['fsck', '--full', '--strict', '--no-dangling'], {
    cwd: join(home, 'snapshots', shadow),
    encoding: 'utf8',
  });
  return (stdout + stderr).replace(/^(notice|Checking|dangling|warning: .*mtime).*\n?/gm, '');
};

const projectOf = (count: number): string => {
  const dir = repository({ first: '0' });
  for (let i = 0; i < count; i++) write(dir, { [`d${i % 10}/${i}`]: `content ${i}` });
  return dir;
};

test('two processes on one project, while it is edited: every snapshot is whole', async () => {
  const dir = projectOf(150);
  const home = tempDir();
  const children = [start(home, dir, 15), start(home, dir, 15)];
  const outputs = await Promise.all(
    children.map(async (child) => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += String(chunk);
        // a hundred files: both ways of hashing are in use
        for (let i = 0; i < (text.length % 2 ? 100 : 1); i++) writeFileSync(join(dir, `d${i % 10}/${i}`), `edit ${text.length}`);
      });
      const [code] = (await once(child, 'close')) as [number];
      return {
        code,
        trees: text
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as Snapshot).tree),
      };
    }),
  );
  expect(outputs.map(({ code, trees }) => [code, trees.length])).toEqual([
    [0, 15],
    [0, 15],
  ]);
  for (const tree of outputs.flatMap(({ trees }) => trees)) expect(Object.keys(contents(join(home, 'trees', tree)))).toHaveLength(151);
  expect(fsck(home)).toBe('');
  expect((await shoot(snapshotsIn(home), dir)).holds).toEqual(contents(dir));
});

test('killed at any point, the next process takes what is there', async () => {
  const dir = projectOf(300);
  const home = tempDir();
  for (let i = 0; i < 12; i++) {
    for (let n = 0; n < 100; n++) write(dir, { [`d${n % 10}/${n}`]: `round ${i} ${n}` });
    const child = start(home, dir, 1);
    const timer = setTimeout(() => child.kill('SIGKILL'), 60 + i * 25);
    await once(child, 'close');
    clearTimeout(timer);
  }
  const snapshots = snapshotsIn(home);
  expect((await shoot(snapshots, dir)).holds).toEqual(contents(dir));
  expect(fsck(home)).toBe('');
  const { tree } = await shoot(snapshots, dir);
  await snapshots.gc(new Set([tree]), false);
  // nothing half made is left
  expect(readdirSync(join(home, 'trees'))).toEqual([tree]);
  const [shadow = ''] = readdirSync(join(home, 'snapshots'));
  expect(readdirSync(join(home, 'snapshots', shadow)).filter((name) => /^tmp-|^index-|\.lock$/.test(name))).toEqual([]);
  expect(git(join(home, 'snapshots', shadow), 'cat-file', '-t', tree)).toBe('tree');
});

test('a damaged, a lost and a locked index only cost time', async () => {
  const dir = projectOf(100);
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  await shoot(snapshots, dir);
  const [shadow = ''] = readdirSync(join(home, 'snapshots'));
  const inShadow = (name: string) => join(home, 'snapshots', shadow, name);
  const own = readdirSync(inShadow('')).find((name) => name.startsWith('index-')) ?? '';
  for (const damage of ['garbage', '']) {
    writeFileSync(inShadow('index'), damage);
    writeFileSync(inShadow(own), damage);
    write(dir, { 'd1/1': `edit after ${damage}` });
    expect((await shoot(snapshots, dir)).holds).toEqual(contents(dir));
  }
  const now = readdirSync(inShadow('')).find((name) => name.startsWith('index-')) ?? '';
  writeFileSync(inShadow(`${now}.lock`), '');
  for (let i = 0; i < 100; i++) write(dir, { [`d${i % 10}/${i}`]: `all ${i}` });
  expect((await shoot(snapshots, dir)).holds).toEqual(contents(dir));
});

// a small one has no index
test.each([100, 5])('gc and tidy leave the objects alone while another process works on them (%s files)', async (count) => {
  const dir = projectOf(count);
  const home = tempDir();
  const snapshots = snapshotsIn(home);
  await shoot(snapshots, dir);
  const child = start(home, dir, 100_000);
  try {
    await once(child.stdout, 'data');
    const before = readdirSync(join(home, 'snapshots'));
    expect((await snapshots.gc(new Set(), false)).objects).toEqual({ bytes: 0, items: 0 });
    expect(await snapshots.tidy(dir, new Set())).toBe(0);
    expect(readdirSync(join(home, 'snapshots'))).toEqual(before);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  expect((await snapshots.gc(new Set(), false)).objects.items).toBe(1);
});
