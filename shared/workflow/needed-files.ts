import { posix } from 'node:path';
import type { Workflow } from './model.ts';

/** A file of the project that a workflow cannot do without. */
export interface NeededFile {
  /** the key of the workflow file that names it */
  key: 'requirements' | 'file' | 'extensions';
  /** which of several */
  item?: number;
  /** below the project */
  path: string;
  /** the set-up may make it before it is needed */
  mayBeMade: boolean;
}

/**
 * The files that a workflow names and that have to be in the project: none that lies elsewhere in the container, that something else may be mounted over, or whose name is known
 * only there. `mounted`: paths of its deps' folders; null: they are not known yet, and a file may be in any.
 */
export function neededFiles(workflow: Workflow, mounted: readonly string[] | null): NeededFile[] {
  const base = posix.join('/workflow', workflow.workingDir);
  const places = [...(mounted ?? []), ...workflow.artifacts.map(({ path }) => path), ...workflow.mounts.map(({ target }) => target)].map(
    (path) => posix.resolve(base, path),
  );
  const named = (key: NeededFile['key'], file: string, rest: Pick<NeededFile, 'mayBeMade' | 'item'>): NeededFile[] => {
    const at = posix.resolve(base, file);
    if (posix.isAbsolute(file)) return [];
    // the others reach the container as they are
    if (key === 'file' && /^-|\$/.test(file)) return [];
    // it is installed before anything is mounted that is not there always
    if (key !== 'requirements' && mounted === null && workflow.deps.length > 0) return [];
    if (key !== 'requirements' && places.some((place) => at === place || at.startsWith(`${place}/`))) return [];
    return [{ key, path: posix.join(workflow.workingDir, file), ...rest }];
  };
  const mayBeMade = workflow.beforeRun.length > 0;
  return [
    ...(workflow.requirements === null ? [] : named('requirements', workflow.requirements, { mayBeMade: false })),
    ...(workflow.provider === 'torchrun' ? named('file', workflow.file, { mayBeMade }) : []),
    ...(workflow.provider === 'code'
      ? workflow.extensions.flatMap((one, item) => (one.endsWith('.vsix') ? named('extensions', one, { item, mayBeMade }) : []))
      : []),
  ];
}
