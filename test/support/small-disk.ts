import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { must } from './command.ts';
import { reap } from './reap.ts';
import { scratchDir } from './scratch.ts';

/** Mounts an empty file system of `bytes` at `path`: in memory, or ext4 in a loop-mounted file beside it. The run's guard unmounts it. */
export async function mountSmallDisk(path: string, bytes: number, kind: 'tmpfs' | 'ext4'): Promise<void> {
  mkdirSync(path, { recursive: true });
  if (kind === 'tmpfs') {
    await must('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=755`, 'tmpfs', path]);
    return;
  }
  const image = `${path}.img`;
  writeFileSync(image, '');
  truncateSync(image, bytes);
  await must('/sbin/mkfs.ext4', ['-q', '-m', '0', image]);
  await must('mount', ['-o', 'loop', image, path]);
}

/** A folder on a small disk of its own, for tests in which it fills up. */
export async function smallDisk(bytes: number, kind: 'tmpfs' | 'ext4' = 'ext4'): Promise<{ path: string } & AsyncDisposable> {
  const dir = scratchDir('d');
  const path = `${dir}/disk`;
  await mountSmallDisk(path, bytes, kind);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      const problems = await reap(dir);
      if (problems.length > 0) throw new Error(problems.join('\n'));
    },
  };
}
