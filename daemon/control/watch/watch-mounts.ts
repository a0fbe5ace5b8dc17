import { treeMount, watchFiles } from '../../providers/supervisor-script.ts';
import type { Workspace } from '../../snapshots/snapshots.ts';
import type { Attempt } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';
import { isSupervised } from './warm.ts';

/** What a supervisor brings the workspace to its next files with: those that the container began with, and those that are new. */
export const watchMounts = (
  parts: Pick<ControlParts, 'states'>,
  attempt: Attempt,
  workspace: Workspace,
): { source: string; target: string; readOnly: boolean }[] =>
  isSupervised(attempt, workspace) && workspace.mount.type === 'overlay'
    ? [
        { source: workspace.mount.lower, target: treeMount, readOnly: true },
        { source: parts.states.stageOf(attempt.id), target: watchFiles.stage, readOnly: true },
      ]
    : [];
