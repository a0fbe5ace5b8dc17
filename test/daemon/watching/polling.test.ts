import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { networkDisk } from '../../support/network-disk.ts';
import { waitFor } from '../../support/wait-for.ts';
import { tempDir, write } from '../snapshots/lab.ts';

/** A process of its own that watches, and what it says. */
function watcher(dir: string, [program = '', ...before]: string[] = []) {
  const watching = [process.execPath, join(import.meta.dirname, 'limited-main.ts'), dir, tempDir()];
  const [command = '', ...args] = program === '' ? watching : [program, ...before, ...watching];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = (): Promise<void> => {
    child.stdin.end();
    return ended;
  };
  onTestFinished(end);
  const said: Record<string, string | null>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line) as Record<string, string | null>));
  return {
    end,
    trees: () => [...new Set(said.flatMap(({ tree }) => tree ?? []))],
    sees: () => said.flatMap(({ sees }) => sees ?? []),
    notices: () => said.flatMap(({ notice }) => notice ?? []),
  };
}

test('where the kernel has no more watches it is looked again and again, which is said once', async () => {
  const dir = tempDir();
  for (let i = 0; i < 10; i++) write(dir, { [`pkg${i}/m.py`]: `${i}\n` });
  // as a user of its own, who may have five
  const few = ['unshare', '--user', '--map-root-user', 'sh', '-c', 'echo 5 > /proc/sys/user/max_inotify_watches && exec "$0" "$@"'];
  const eyes = watcher(dir, few);
  await waitFor(() => eyes.sees().includes('polling') && eyes.trees().length === 1, 'it to poll');
  write(dir, { 'pkg9/m.py': 'changed\n' });
  await waitFor(() => eyes.trees().length === 2, 'the change to be seen', { seconds: 15 });
  mkdirSync(join(dir, 'new'));
  writeFileSync(join(dir, 'new/m.py'), 'new\n');
  await waitFor(() => eyes.trees().length === 3, 'the new file to be seen', { seconds: 15 });
  expect(eyes.notices()).toEqual([
    'the project has more folders than may be watched here (see fs.inotify.max_user_watches): its files are looked at every 2 seconds',
  ]);
});

test('a project on a network file system is looked at again and again, which is said', async () => {
  await using disk = await networkDisk();
  const eyes = watcher(disk.path);
  await waitFor(() => eyes.sees().length > 0, 'it to say how it sees');
  expect(eyes.sees()).toEqual(['polling']);
  expect(eyes.notices()[0]).toBe('the project is on a network file system (fuse.sshfs): its files are looked at every 2 seconds');
  await eyes.end();
});
