import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fail, messageOf, ok, type Result } from '../../shared/result.ts';

const run = promisify(execFile);

/**
 * Resolves when all that was written below a folder is on the disk, so that a power cut takes none of it: by syncfs(2), as thousands of small files take minutes one by
 * one. Node has no such call, so `sync -f` does it (coreutils); where that knows no `-f`, for all disks. Fails with `no_server` when the disk does not take it.
 */
export async function settle(folder: string): Promise<Result<void>> {
  try {
    await run('sync', ['-f', folder]).catch((error: unknown) => (isMissing(error) ? undefined : run('sync')));
    return ok(undefined);
  } catch (error) {
    return fail('no_server', `The VS Code server could not be kept: ${messageOf(error)}`, null);
  }
}

/** A system without such a program does without. */
const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
