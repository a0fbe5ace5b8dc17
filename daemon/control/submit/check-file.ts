import { fail, ok, type Result } from '../../../shared/result.ts';
import type { Workflow } from '../../../shared/workflow/model.ts';
import { neededFiles } from '../../../shared/workflow/needed-files.ts';
import type { ResolvedDep } from '../../providers/job-spec.ts';
import type { ProjectFiles } from './project-files.ts';

/** The program that torchrun is to start is there, and in the snapshot, which may leave it out. Fails with `no_such_file`; where the set-up may make it that is a warning. */
export async function checkFile(
  files: ProjectFiles,
  tree: string,
  projectDir: string,
  workflow: Workflow,
  deps: readonly ResolvedDep[],
): Promise<Result<string[]>> {
  const mounted = deps.flatMap((dep) => dep.artifacts.map(({ path }) => path));
  const file = neededFiles(workflow, mounted).find(({ key }) => key === 'file');
  if (!file || (await files.isTaken(file.path, tree))) return ok([]);
  const [message, hint] = files.has(file.path)
    ? [
        `The file '${file.path}' that torchrun is to start is not among the files that a run gets`,
        'A line of .gitignore or .dstackignore leaves it out, or it is a link to somewhere else.',
      ]
    : [
        `The file '${file.path}' that torchrun is to start does not exist in ${projectDir}`,
        'Make it, or name another (the path is below the working directory)',
      ];
  return file.mayBeMade ? ok([`${message}: the set-up has to make it`]) : fail('no_such_file', message, hint);
}
