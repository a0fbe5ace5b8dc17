import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { Attempt } from '../../../daemon/control/attempt.ts';
import { holdMounts, releaseMounts, sweepMounts } from '../../../daemon/control/hold-mounts.ts';
import { reach } from '../../../daemon/users/reach.ts';
import { scratchDir } from '../../support/scratch.ts';

// nobody's account is the one that every machine has beside root's
const nobody = { user: 'nobody', uid: 65534, gid: 65534 };
const parts = { installation: `hold-test-${process.pid}`, engine: { endpoint: process.env['DOCKER_HOST'] ?? '' } };
let count = 0;
let attempt: Pick<Attempt, 'run' | 'id'>;
let dir: string;
let folder: string;
let closed: string;

beforeEach(() => {
  dir = scratchDir('m');
  chmodSync(dir, 0o755);
  attempt = { run: { user: nobody.user, owner: nobody } as unknown as Attempt['run'], id: `${process.pid}-${++count}` };
  [folder, closed] = [join(dir, 'own'), join(dir, 'closed')] as [string, string];
  for (const path of [folder, closed]) mkdirSync(path);
  chownSync(folder, nobody.uid, nobody.gid);
  chownSync(dir, nobody.uid, nobody.gid);
  chmodSync(closed, 0o700);
  writeFileSync(join(folder, 'mine'), 'mine\n');
  writeFileSync(join(closed, 'secret'), 'secret\n');
});

const mount = (source: string, readOnly = false) => ({ source, target: '/data', readOnly });

test('what is held stays what it was, whatever its path leads to later', async () => {
  const held = await holdMounts(parts, attempt, [mount(folder), mount(join(folder, 'mine'), true)]);
  if (!held.ok) throw new Error(held.failure.message);
  const [own = '', file = ''] = held.value.map(({ source }) => source);
  try {
    expect(statSync(join(own, '../..')).uid).toBe(0);
    expect(spawnSync('setpriv', ['--reuid=65534', '--clear-groups', 'ls', own]).status).not.toBe(0);
    renameSync(folder, join(dir, 'away'));
    symlinkSync(closed, folder);
    expect(readdirSync(own)).toEqual(['mine']);
    expect(readFileSync(file, 'utf8')).toBe('mine\n');
    // held anew, it is what the path leads to now that counts
    expect(await holdMounts(parts, attempt, [mount(folder)])).toMatchObject({
      ok: false,
      failure: { message: `the folder ${folder} of 'mounts' is not what it was at submit, or nobody may not use it any more` },
    });
  } finally {
    await releaseMounts(parts, attempt, [mount(folder)]);
  }
  expect(existsSync(join(own, '..'))).toBe(false);
  expect(readFileSync(join(dir, 'away/mine'), 'utf8')).toBe('mine\n');
});

test('of a folder that changes its place with a closed one all the time, only the open one is ever held', async () => {
  const [own, other, away] = [folder, closed, join(dir, 'away')];
  const swap = 'while :; do mv -T "$1" "$3"; mv -T "$2" "$1"; mv -T "$1" "$2"; mv -T "$3" "$1"; done';
  const swapping = spawn('sh', ['-c', swap, 'sh', own, other, away], { stdio: 'ignore' });
  try {
    for (let i = 0; i < 80; i += 1) {
      const held = await holdMounts(parts, attempt, [mount(own)]);
      if (held.ok) expect(readdirSync(held.value[0]?.source ?? '')).toEqual(['mine']);
      else expect(held.failure.message).toContain(`the folder ${own} of 'mounts'`);
    }
  } finally {
    swapping.kill('SIGKILL');
    await once(swapping, 'close');
    await releaseMounts(parts, attempt, [mount(own)]);
  }
});

test('a sweep gives up what nobody needs any more', async () => {
  const held = await holdMounts(parts, attempt, [mount(folder)]);
  const place = join((held.ok && held.value[0]?.source) || '/nothing', '..');
  await sweepMounts(parts, new Set([attempt.id]));
  expect(readdirSync(join(place, '0'))).toEqual(['mine']);
  await sweepMounts(parts, new Set());
  expect(existsSync(place)).toBe(false);
  expect(readdirSync(folder)).toEqual(['mine']);
});

test('what lies below a folder, mounted there, is held with it and stays where it is when that is given up', async () => {
  const below = join(folder, 'below');
  mkdirSync(below);
  execFileSync('mount', ['-t', 'tmpfs', 'none', below]);
  try {
    writeFileSync(join(below, 'f'), '');
    const held = await holdMounts(parts, attempt, [mount(folder)]);
    expect(held.ok && readdirSync(join(held.value[0]?.source ?? '', 'below'))).toEqual(['f']);
    await releaseMounts(parts, attempt, [mount(folder)]);
    expect(readdirSync(below)).toEqual(['f']);
  } finally {
    execFileSync('umount', [below]);
  }
});

test('what was opened as a user is named by its device and inode, with what they may not do with it', async () => {
  expect(await reach(nobody, [{ source: folder, readOnly: false }])).toEqual([
    { real: folder, id: `${statSync(folder).dev}:${statSync(folder).ino}` },
  ]);
  expect(await reach(nobody, [{ source: closed, readOnly: true }])).toEqual([{ problem: 'unreadable' }]);
  chmodSync(join(folder, 'mine'), 0o644);
  chownSync(join(folder, 'mine'), 0, 0);
  expect(await reach(nobody, [{ source: join(folder, 'mine'), readOnly: false }])).toEqual([{ problem: 'unwritable' }]);
  expect(await reach(nobody, [{ source: '/dev/null', readOnly: true }])).toEqual([{ real: '/dev/null', id: '' }]);
});
