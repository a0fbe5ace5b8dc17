import { fail, ok, type Result } from '../../../shared/result.ts';
import type { Workflow } from '../../../shared/workflow/model.ts';
import { neededFiles } from '../../../shared/workflow/needed-files.ts';
import type { ProjectFiles } from './project-files.ts';

/** Every extension of a code workflow that is a file of the project is there, unless its set-up may make it. Fails with `no_extension`. */
export function checkExtensions(files: ProjectFiles, projectDir: string, workflow: Workflow): Result<void> {
  const missing = neededFiles(workflow, null).find(({ key, path, mayBeMade }) => key === 'extensions' && !mayBeMade && !files.has(path));
  return missing
    ? fail(
        'no_extension',
        `The file '${missing.path}' that 'extensions' names does not exist in ${projectDir}`,
        'Paths of extensions begin at the project',
      )
    : ok(undefined);
}
