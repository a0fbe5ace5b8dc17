/**
 * Users of one daemon never meet in a project, even if it has the same name for both: what belongs to a project (runs, tags, secrets) is kept under a
 * key that names the user too. A daemon of one user has the project's plain name as key.
 */
import type { RunSpec } from '../providers/job-spec.ts';
import type { RunRecord } from '../store/records.ts';
import type { Place } from '../snapshots/room.ts';
import { ownerOf, type Caller } from './caller.ts';

/** In no name of a user, and in no project's that a shared daemon accepts. */
const separator = '\u001f';

/** The key of one of the caller's projects. */
export const projectKey = (caller: Caller, name: string): string =>
  caller.shared ? `${caller.user}:${caller.uid}${separator}${name}` : name;

/** The project's name, without whose it is. */
export const shownProject = (key: string): string => key.slice(key.indexOf(separator) + 1);

/** The key of another project of the same user. */
export const besideProject = (key: string, name: string): string => key.slice(0, key.indexOf(separator) + 1) + name;

type OfRun = Pick<RunRecord, 'projectDir' | 'user' | 'owner'> & { spec: Pick<RunSpec, 'elsewhere'> };

/**
 * Where the snapshots of a run's project lie: by its folder. One that was sent (to a shared daemon, or from another machine) is never looked into here, so that
 * it counts as a name only.
 */
export function snapshotPlace({ projectDir, user, owner, spec }: OfRun): Place {
  if (owner !== null) return { owner: `${user}:${owner.uid}`, dir: projectDir };
  return spec.elsewhere ? { owner: 'elsewhere', dir: projectDir } : projectDir;
}

/** The same of what the caller is about to run. */
export const callersPlace = (caller: Caller, projectDir: string): Place =>
  snapshotPlace({ projectDir, user: caller.user, owner: ownerOf(caller), spec: { elsewhere: caller.elsewhere === true } });
