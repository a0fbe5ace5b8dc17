import type { Workspace } from '../../snapshots/snapshots.ts';
import { specOf, type Attempt } from '../attempt.ts';

/**
 * Whether the container of a watch can take another attempt after its first, since there is a supervisor in it; else each has a fresh one. It is decided when the container is about to be
 * started, and stays with it.
 */
export const isWarm = ({ job }: Pick<Attempt, 'job'>): boolean => job.progress.supervised === true;

/** Whether a container with this workspace is to have a supervisor. */
export const isSupervised = (attempt: Attempt, workspace: Workspace): boolean =>
  attempt.run.spec.watch !== undefined &&
  attempt.run.spec.jobs.length === 1 &&
  specOf(attempt).start.kind === 'script' &&
  workspace.mount.type === 'overlay';
