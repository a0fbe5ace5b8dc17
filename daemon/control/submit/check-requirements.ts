import { join } from 'node:path';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { readRequirements } from '../../environments/requirements.ts';
import type { ProjectFiles } from './project-files.ts';

/** Every requirements file that the workflow names, or that one of them takes in, is there. Fails with `no_requirements` and the path. */
export function checkRequirements(files: ProjectFiles, projectDir: string, workingDir: string, requirements: string | null): Result<void> {
  if (requirements === null) return ok(undefined);
  const [missing] = readRequirements(files, workingDir, requirements).missing;
  if (!missing) return ok(undefined);
  const named = missing.from === null ? "that 'requirements' names" : `that '${missing.from}' takes in`;
  const message = `The file '${missing.path}' ${named} does not exist in ${projectDir}`;
  return files.has(missing.path)
    ? fail('no_requirements', `'${join(missing.path)}' ${named} is no file that can be read`, 'Name a requirements file of the project')
    : fail('no_requirements', message, 'Make it, or name another (the path is below the working directory)');
}

/** The same of the snapshot, which may leave them out. Fails with `no_requirements` and the path. */
export async function checkTaken(
  files: ProjectFiles,
  tree: string,
  workingDir: string,
  requirements: string | null,
): Promise<Result<void>> {
  if (requirements === null) return ok(undefined);
  for (const { kind, path } of readRequirements(files, workingDir, requirements).parts) {
    // of what they install pip may do without some, such as a folder of wheels
    if (kind !== 'file' || (await files.isTaken(path, tree))) continue;
    if (!files.has(path)) return fail('no_requirements', `The file '${path}' of the requirements has just gone`, 'Try again');
    const outside = /^\.\.(\/|$)/.test(path);
    return fail(
      'no_requirements',
      outside ? `The requirements '${path}' are not in the project` : `The requirements '${path}' are not among the files that a run gets`,
      outside
        ? 'Put them into the project: only what is in it is sent to a run.'
        : 'A line of .gitignore or .dstackignore leaves them out, or they are a link to somewhere else.',
    );
  }
  return ok(undefined);
}
