import { execFile, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { chown, mkdir, open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { Readable } from 'node:stream';
import { messageOf, ok, fail } from '../../shared/result.ts';
import type { Result } from '../../shared/result.ts';
import { asUserAlone, userEnv, type Account } from '../users/reach.ts';

const run = promisify(execFile);

/**
 * Copies all below `source` into the folder `target`, which must not exist: links stay links, times, modes and holes are kept, blocks are shared where the
 * file system can. Fails with `no_space` or `copy`.
 */
export async function copyFolder(source: string, target: string): Promise<Result<void>> {
  // `/.`: the content of the folder even where `source` itself is a link to it
  return copy(source, target, ['cp', ['-a', '--reflink=auto', '--', `${source}/.`, target]], { env: { ...process.env, LC_ALL: 'C' } });
}

/** The same with a user's rights, who reads only what they may: the process stands in the folder that it fills, because it could not go there. */
export async function copyAs(account: Account, source: string, target: string): Promise<Result<void>> {
  await mkdir(target, { mode: 0o700 });
  await chown(target, account.uid, account.gid);
  return copy(source, target, asUserAlone(account, ['cp', '-a', '--reflink=auto', '--', `${source}/.`, '.']), {
    cwd: target,
    env: userEnv,
  });
}

/** The same of a folder that belongs to the user and lies where they cannot go: a job of theirs may still have a hand in it, and turn what is in it into links. */
export async function copyOwnAs(account: Account, source: string, target: string): Promise<Result<void>> {
  const folder = await open(source, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await mkdir(target, { mode: 0o700 });
    await chown(target, account.uid, account.gid);
    const [program, args] = asUserAlone(account, ['cp', '-a', '--reflink=auto', '--', '/proc/self/fd/3/.', '.']);
    const child = spawn(program, args, { cwd: target, env: userEnv, stdio: ['ignore', 'ignore', 'pipe', folder.fd] });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [stderr, code] = await Promise.all([text(child.stderr as Readable), ended]);
    return code === 0 ? ok(undefined) : failed(source, target, stderr);
  } finally {
    await folder.close();
  }
}

async function copy(
  source: string,
  target: string,
  [program, args]: [string, string[]],
  options: { cwd?: string; env: NodeJS.ProcessEnv },
): Promise<Result<void>> {
  try {
    await run(program, args, { ...options, maxBuffer: 16 << 20 });
    return ok(undefined);
  } catch (error) {
    return failed(source, target, (error as { stderr?: string }).stderr?.trim() || messageOf(error));
  }
}

function failed(source: string, target: string, stderr: string): Result<never> {
  const said = stderr.trim().split('\n')[0] ?? '';
  if (said.includes('No space left on device')) {
    return fail(
      'no_space',
      `The disk is full: cannot copy ${source} to ${target}.`,
      'Free space (see: dstack df, dstack gc), then run again.',
    );
  }
  return fail('copy', `Cannot copy ${source}: ${said.replace(/^cp: /, '')}`, 'Look with: dstack doctor');
}

/** Lets everybody read and write all below `path` (links are not followed). */
export async function openToAll(path: string): Promise<void> {
  await run('chmod', ['-R', 'a+rwX', '--', path]);
}

/** Lets the owner change all below `path`, so that it can be deleted. */
export async function openToOwner(path: string): Promise<void> {
  await run('chmod', ['-R', 'u+rwX', '--', path]);
}
