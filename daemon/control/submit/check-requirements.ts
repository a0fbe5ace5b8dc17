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
    : fail('no_requirements', message);
}
