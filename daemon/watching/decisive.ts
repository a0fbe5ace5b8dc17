import { namedFiles } from '../environments/named-files.ts';
import { readRequirements, type Part } from '../environments/requirements.ts';
import { treeIn } from '../environments/tree-files.ts';
import type { RunSpec } from '../providers/job-spec.ts';
import { type BytePath, bytePath } from '../snapshots/bytes.ts';

/** Whether a run has an environment that is made from files of the project. */
export const hasEnvironment = (spec: Pick<RunSpec, 'jobs'>): boolean =>
  spec.jobs.some(({ environment }) => environment && (environment.requirements !== null || environment.setup.length > 0));

/** Of the changed files the first that what is installed for the run is made from; `dir`: the project's files, or a tree's. */
export function installedFrom(dir: string, spec: Pick<RunSpec, 'jobs'>, changed: readonly BytePath[]): BytePath | null {
  const files = treeIn(dir);
  const parts = spec.jobs.flatMap(({ environment, workingDir }): Part[] => {
    if (!environment) return [];
    const { requirements, setup } = environment;
    return [
      ...(requirements === null ? [] : readRequirements(files, workingDir, requirements).parts),
      ...(setup.length === 0 ? [] : namedFiles(files, workingDir, setup)),
    ];
  });
  const paths = new Set(parts.map((part) => bytePath(part.path)));
  return changed.find((path) => [...paths].some((one) => one === '.' || path === one || path.startsWith(`${one}/`))) ?? null;
}

/** Whether one of the changed files says what the workflows are. */
export const isWorkflowFile = (path: BytePath): boolean => /^\.dstack\/workflows(\/|\.yaml$|\.yml$)/.test(path);
