import { posix } from 'node:path';
import { isDevEnvironment, type Workflow } from '../../../shared/workflow/model.ts';
import type { RunRecord } from '../../store/records.ts';

/** People work in a dev environment: said before, not after, where nothing of that would be kept. */
export function unsavedAtAll(workflow: Workflow): string[] {
  const { artifacts, mounts } = workflow;
  if (!isDevEnvironment(workflow)) return [];
  if (artifacts.length > 0 || mounts.some(({ target, readOnly }) => !readOnly && posix.resolve(target).startsWith('/workflow'))) return [];
  return ['it has no artifacts: what is changed in it is gone when it ends. Name folders to keep with: -a FOLDER'];
}

/** The same of a restart, which looks like going on. */
export const startsAnew = ({ name, workflow, provider, spec }: RunRecord): string[] =>
  spec.watch
    ? [
        `${name} watched its project; this one runs once, with the files of its last attempt. Watch again with: dstack run ${workflow ?? provider} --watch`,
      ]
    : spec.jobs[0]?.app
      ? [
          `it starts from the files that ${name} was submitted with, and what was changed in ${name} is not there; what that saved: dstack artifacts list ${name}`,
        ]
      : [];
