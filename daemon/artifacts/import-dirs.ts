import { mkdir, realpath, rename } from 'node:fs/promises';
import { sep } from 'node:path';
import { fail, messageOf, ok } from '../../shared/result.ts';
import type { Result } from '../../shared/result.ts';
import { reach, type Account } from '../users/reach.ts';
import { copyAs, copyFolder } from './copy-folder.ts';
import { deleteFolder } from './delete-folder.ts';
import type { AsRoot, Layout } from './layout.ts';
import { isDirectory } from './prepare.ts';
import { hasControlCharacters } from '../../shared/units.ts';

/**
 * Copies local folders in; links stay links. Looks at all of them before it copies the first. Fails with `not_a_directory`, `no_space`, `copy` or
 * `artifacts`, and leaves nothing half-made under a key.
 */
export async function importDirs(
  at: Layout,
  runId: number,
  job: number,
  dirs: { key: string; source: string }[],
  asRoot: AsRoot,
  account: Account | null,
): Promise<Result<void>> {
  try {
    await mkdir(at.job(runId, job), { recursive: true, mode: 0o700 });
    const store = await realpath(at.job(runId, job));
    for (const { source } of dirs) {
      const found = account === null ? null : await lookAs(account, source);
      if (found !== null && !found.ok) return found;
      if (account === null && !(await isDirectory(source)))
        return fail(
          'not_a_directory',
          `${source} is not a directory; only directories can be added to a tag.`,
          'Name the one that it is in.',
        );
      const real = found?.value ?? (await realpath(source));
      if (real === sep || `${store}${sep}`.startsWith(`${real}${sep}`)) {
        return fail(
          'not_a_directory',
          `${source} contains the store of artifacts itself and cannot be copied into it.`,
          'Name a folder below it.',
        );
      }
    }
    for (const { key, source } of dirs) {
      const part = at.part(runId, job, key);
      await deleteFolder(part, asRoot);
      const copied = account === null ? await copyFolder(source, part) : await copyAs(account, source, part);
      if (!copied.ok) {
        await deleteFolder(part, asRoot);
        return copied;
      }
      await deleteFolder(at.folder(runId, job, key), asRoot);
      await rename(part, at.folder(runId, job, key));
    }
    return ok(undefined);
  } catch (error) {
    return fail('artifacts', `Cannot copy into ${at.job(runId, job)}: ${messageOf(error)}`, 'Look with: dstack doctor');
  }
}

/** Where a folder of a user's really is, looked up with their rights; what is no folder is found out by the copying. */
async function lookAs(account: Account, source: string): Promise<Result<string>> {
  const [found] = hasControlCharacters(source) ? [] : await reach(account, [{ source, readOnly: true }]);
  return found && 'real' in found
    ? ok(found.real)
    : fail(
        'not_a_directory',
        `${source} is not a directory that ${account.user} may read; only such can be added to a tag.`,
        'Name another.',
      );
}
