import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf, ok, fail } from '../../shared/result.ts';
import type { Result } from '../../shared/result.ts';

const run = promisify(execFile);

/**
 * Copies all below `source` into the folder `target`, which must not exist: links stay links, times, modes and holes are kept, blocks are shared where the
 * file system can. Fails with `no_space` or `copy`.
 */
export async function copyFolder(source: string, target: string): Promise<Result<void>> {
  try {
    // `/.`: the content of the folder even where `source` itself is a link to it
    await run('cp', ['-a', '--reflink=auto', '--', `${source}/.`, target], { env: { ...process.env, LC_ALL: 'C' }, maxBuffer: 16 << 20 });
    return ok(undefined);
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n')[0] || messageOf(error);
    if (said.includes('No space left on device')) {
      return fail(
        'no_space',
        `The disk is full: cannot copy ${source} to ${target}.`,
        'Free space (see: dstack df, dstack gc), then run again.',
      );
    }
    return fail('copy', `Cannot copy ${source}: ${said.replace(/^cp: /, '')}`);
  }
}

/** Lets everybody read and write all below `path` (links are not followed). */
export async function openToAll(path: string): Promise<void> {
  await run('chmod', ['-R', 'a+rwX', '--', path]);
}

/** Lets the owner change all below `path`, so that it can be deleted. */
export async function openToOwner(path: string): Promise<void> {
  await run('chmod', ['-R', 'u+rwX', '--', path]);
}
