import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { engineProcess } from '../../../daemon/users/engine-process.ts';
import { scratchDir } from '../../support/scratch.ts';

const code = `require('fs').writeFileSync('/proc/self/comm', 'dockerd');
require('net').createServer().listen(process.argv[1], () => console.log('ready'));`;

let socket: string;
beforeEach(() => {
  socket = join(scratchDir('p'), 'docker.sock');
});

/** A process that calls itself dockerd and listens at the path, begun by `wrapped`; it gets node as its file 3, since not everybody may go where that lies. */
async function listening(...wrapped: string[]): Promise<{ pid: string } & AsyncDisposable> {
  const node = openSync(process.execPath, 'r');
  const [program, ...args] = [...wrapped, '/proc/self/fd/3', '-e', code, socket];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit', node] });
  closeSync(node);
  const said = await Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit').then(() => null)]);
  if (said === null) throw new Error(`${program} ended`);
  return {
    pid: String(child.pid),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

// in a mount namespace of their own, where the engine's path is a socket of theirs
const elsewhere = ['sh', '-c', 'mount -t tmpfs -o mode=777 none "$1" && shift && exec "$@"', 'sh'];
const hidden = (): string[] => [...elsewhere, join(socket, '..')];

test('the engine is who listens at the very socket, by whatever path it is asked for', async () => {
  await using engine = await listening('env');
  const link = join(socket, '../link');
  symlinkSync(socket, link);
  await using found = await engineProcess(`unix://${link}`);
  expect(found.pid).toBe(engine.pid);
});

test.each<[string, () => string[]]>([
  ['root of a user namespace', () => ['unshare', '--user', '--map-root-user', '--mount', ...hidden()]],
  ['root without all that root can do', () => ['unshare', '--mount', ...hidden(), 'setpriv', '--bounding-set=-sys_admin', '--']],
  ['another user', () => ['unshare', '--mount', ...hidden(), 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']],
])('%s who only looks like the engine is not taken for it', async (_, wrapped) => {
  await using impostor = await listening(...wrapped());
  await using engine = await listening('env');
  // from now on its path leads to the engine's socket, too
  execFileSync('nsenter', [`--mount=/proc/${impostor.pid}/ns/mnt`, 'umount', '-l', join(socket, '..')]);
  await using found = await engineProcess(`unix://${socket}`);
  expect(found.pid).toBe(engine.pid);
});

test('another engine whose path is the same text in a place of its own is another', async () => {
  await using engine = await listening('env');
  await using other = await listening('unshare', '--mount', ...hidden());
  expect(other.pid).not.toBe(engine.pid);
  await using found = await engineProcess(`unix://${socket}`);
  expect(found.pid).toBe(engine.pid);
});

test('without an engine on this machine it is process 1, or this one', async () => {
  for (const endpoint of [`unix://${socket}`, 'tcp://127.0.0.1:2375']) {
    await using found = await engineProcess(endpoint);
    expect(['1', String(process.pid)]).toContain(found.pid);
  }
});
