import { posix } from 'node:path';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { Workflow } from '../../../shared/workflow/model.ts';
import type { ProjectFiles } from './project-files.ts';

/**
 * Every extension of a code workflow that is a file of the project is there, unless its set-up may make it. Fails with `no_extension`. Files elsewhere in the container
 * (absolute paths, below an artifact, a dep or a mount) nobody knows before.
 */
export function checkExtensions(files: ProjectFiles, projectDir: string, workflow: Workflow): Result<void> {
  if (workflow.provider !== 'code' || workflow.beforeRun.length > 0 || workflow.deps.length > 0) return ok(undefined);
  const { workingDir, artifacts, mounts } = workflow;
  const other = [...artifacts.map(({ path }) => posix.resolve('/workflow', workingDir, path)), ...mounts.map(({ target }) => target)];
  for (const extension of workflow.extensions) {
    if (!extension.endsWith('.vsix') || posix.isAbsolute(extension)) continue;
    const path = posix.join(workingDir, extension);
    const inside = posix.join('/workflow', path);
    if (files.has(path) || other.some((folder) => inside.startsWith(`${folder}/`))) continue;
    return fail('no_extension', `The file '${path}' that 'extensions' names does not exist in ${projectDir}`);
  }
  return ok(undefined);
}
