/** Copies that root makes with the rights of a user, here the account `daemon` that every system has. */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asUser, asUserAlone, userEnv } from '../../../daemon/users/reach.ts';
import { command } from '../../support/command.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { fixture } from './fixture.ts';

const account = { user: 'daemon', uid: 1, gid: 1 };

test('a dep that the job changes is copied with the rights of its user, who gets nothing of root', async () => {
  await using f = fixture();
  chmodSync(f.base, 0o700);
  const dep = join(f.base, 'dep');
  mkdirSync(join(dep, 'sub'), { recursive: true });
  writeFileSync(join(dep, 'sub/model'), 'trained', { mode: 0o600 });
  symlinkSync('sub/model', join(dep, 'link'));
  for (const path of ['', 'sub', 'sub/model']) chownSync(join(dep, path), 1, 1);
  const copied = await f.artifacts.prepare(1, 0, [{ key: '0', from: dep }], account);
  expect(copied).toEqual({ ok: true, value: undefined });
  expect(readFileSync(join(f.artifacts.folder(1, 0, '0'), 'link'), 'utf8')).toBe('trained');

  // as one finds it by way of a folder that was a link for a moment
  writeFileSync(join(dep, 'sub/root'), 'secret', { mode: 0o600 });
  expect(await f.artifacts.prepare(2, 0, [{ key: '0', from: dep }], account)).toMatchObject({
    ok: false,
    failure: { code: 'copy', message: expect.stringContaining('Permission denied') },
  });
});

test('nobody comes by way of a process of theirs into the folder in which it stands', async () => {
  const closed = scratchDir('c');
  chmodSync(closed, 0o700);
  const inner = join(closed, 'inner');
  mkdirSync(inner);
  chmodSync(inner, 0o777);
  const enter = async (as: typeof asUser): Promise<number | null> => {
    const [program, args] = as(account, ['sleep', '100']);
    const child = spawn(program, args, { cwd: inner, env: userEnv, stdio: 'ignore' });
    try {
      // it is the user's from the moment at which it is `sleep`
      await waitFor(() => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n', 'the process to be the user’s');
      const [shell, words] = asUser(account, ['sh', '-c', `cd /proc/${child.pid}/cwd && touch here`]);
      return (await command(shell, words, { cwd: '/' })).code;
    } finally {
      child.kill('SIGKILL');
    }
  };
  expect(await enter(asUser)).toBe(0);
  expect(await enter(asUserAlone)).not.toBe(0);
});
