import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { containerIn, processOwners } from '../../../daemon/hosts/process-owner.ts';
import { scratchDir } from '../../support/scratch.ts';

const id = '0123456789abcdef'.repeat(4);
const other = 'f'.repeat(64);

test.each([
  ['the second generation, systemd', `0::/system.slice/docker-${id}.scope\n`, id],
  ['the second generation, cgroupfs, from within a namespace', `0::/../${id}\n`, id],
  ['the first generation', `12:memory:/docker/${id}\n11:cpu,cpuacct:/docker/${id}\n0::/\n`, id],
  ['containerd', `0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope`, id],
  ['one within another', `0::/docker/${other}/docker/${id}/init`, id],
  ['none', '0::/user.slice/user-1000.slice/session-2.scope\n', null],
  ['more digits than an id has', `0::/x/${id}0`, null],
  ['a process that is gone', '', null],
])('the container: %s', (_, cgroup, container) => expect(containerIn(cgroup)).toBe(container));

test('this process, and one that is not there', async () => {
  const owner = processOwners();
  expect((await owner(process.pid)).user).toBe(userInfo().username);
  expect(await owner(2 ** 22 + 1)).toEqual({ user: null, container: null });
});

test('each user is asked for once', async () => {
  const proc = scratchDir('proc');
  for (const pid of [7, 8]) {
    mkdirSync(join(proc, String(pid)));
    writeFileSync(join(proc, String(pid), 'status'), 'Name:\tpython\nUid:\t1007\t1007\t1007\t1007\n');
    writeFileSync(join(proc, String(pid), 'cgroup'), `0::/docker/${id}\n`);
  }
  const asked: number[] = [];
  const owner = processOwners(proc, async (uid) => `user ${asked.push(uid)}`);
  expect(await Promise.all([owner(7), owner(8)])).toEqual(Array(2).fill({ user: 'user 1', container: id }));
  expect(asked).toEqual([1007]);
});

test('a user without a name', async () => {
  const proc = scratchDir('proc');
  mkdirSync(join(proc, '7'));
  writeFileSync(join(proc, '7', 'status'), 'Uid:\t3999999999\t1\t1\t1\n');
  expect(await processOwners(proc)(7)).toEqual({ user: 'uid 3999999999', container: null });
});
