import { projectName } from '../../shared/project.ts';
import { FailureError } from '../../shared/result.ts';
import { hasControlCharacters } from '../../shared/units.ts';
import { isTold } from '../users/caller.ts';
import { projectKey } from '../users/namespace.ts';
import type { ApiParts } from './handler.ts';

/** The key of the project that a request is about. What a shared daemon is not told it does not look for: that throws a FailureError. */
export function projectOf({ caller }: Pick<ApiParts, 'caller'>, request: { projectDir: string; project?: string | undefined }): string {
  if (!isTold(caller)) return projectName(request.projectDir);
  const { project } = request;
  if (project === undefined || project === '' || hasControlCharacters(project)) {
    throw new FailureError({
      code: 'project_unnamed',
      message: "This daemon reads nobody's folders: the command has to name the project.",
      hint: 'Update dstack.',
    });
  }
  return projectKey(caller, project);
}
