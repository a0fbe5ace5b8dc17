import { chmod, mkdir, rename, stat } from 'node:fs/promises';
import { fail, messageOf, ok } from '../../shared/result.ts';
import type { Result } from '../../shared/result.ts';
import type { Account } from '../users/reach.ts';
import { copyFolder, copyOwnAs, openToAll } from './copy-folder.ts';
import { deleteFolder } from './delete-folder.ts';
import type { AsRoot, Layout } from './layout.ts';
import { codeOf } from './walk.ts';

interface Wanted {
  key: string;
  /** a folder whose copy it starts as; null: empty */
  from: string | null;
}

/**
 * Makes the folders of a job that are not there yet. Each is made under another name and renamed when complete: a folder with its name is
 * either complete or has the job's own content, and is left alone. Fails with `no_space`, `copy`, `dep_missing` or `artifacts`.
 */
export async function prepare(
  at: Layout,
  runId: number,
  job: number,
  folders: Wanted[],
  asRoot: AsRoot,
  account: Account | null,
): Promise<Result<void>> {
  try {
    await mkdir(at.job(runId, job), { recursive: true, mode: 0o700 });
    for (const wanted of folders) {
      if (await isDirectory(at.folder(runId, job, wanted.key))) continue;
      const made = await makeFolder(at.part(runId, job, wanted.key), wanted.from, asRoot, account);
      if (!made.ok) return made;
      await rename(at.part(runId, job, wanted.key), at.folder(runId, job, wanted.key));
    }
    return ok(undefined);
  } catch (error) {
    if (codeOf(error) === 'ENOSPC') {
      return fail(
        'no_space',
        `The disk is full: cannot make ${at.job(runId, job)}.`,
        'Free space (see: dstack df, dstack gc), then run again.',
      );
    }
    return fail('artifacts', `Cannot make the artifact folders in ${at.job(runId, job)}: ${messageOf(error)}`, 'Look with: dstack doctor');
  }
}

async function makeFolder(part: string, from: string | null, asRoot: AsRoot, account: Account | null): Promise<Result<void>> {
  await deleteFolder(part, asRoot);
  if (from === null) {
    await mkdir(part);
  } else {
    if (!(await isDirectory(from)))
      return fail(
        'dep_missing',
        `The artifact folder ${from}, from which the run was to start, is not there any more.`,
        'Submit it again: its deps are then found anew.',
      );
    const copied = account === null ? await copyFolder(from, part) : await copyOwnAs(account, from, part);
    if (!copied.ok) return copied;
    // the files are ours, the container's user may be anyone
    await openToAll(part);
  }
  // whatever the umask: beneath a parent that is closed to others
  await chmod(part, 0o777);
  return ok(undefined);
}

/** Is there a directory (or a link to one)? */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
