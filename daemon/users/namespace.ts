/**
 * Users of one daemon never meet in a project, even if it has the same name for both: what belongs to a project (runs, tags, secrets) is kept under a
 * key that names the user too. A daemon of one user has the project's plain name as key.
 */
import type { RunRecord } from '../store/records.ts';
import type { Place } from '../snapshots/room.ts';
import type { Caller } from './caller.ts';

/** In no name of a user, and in no project's that a shared daemon accepts. */
const separator = '\u001f';

/** The key of one of the caller's projects. */
export const projectKey = (caller: Caller, name: string): string =>
  caller.shared ? `${caller.user}:${caller.uid}${separator}${name}` : name;

/** The project's name, without whose it is. */
export const shownProject = (key: string): string => key.slice(key.indexOf(separator) + 1);

/** The key of another project of the same user. */
export const besideProject = (key: string, name: string): string => key.slice(0, key.indexOf(separator) + 1) + name;

/** Where the snapshots of a run's project lie: by its folder, which a shared daemon never looks into, so that it counts as a name only. */
export const snapshotPlace = (run: Pick<RunRecord, 'projectDir' | 'user' | 'owner'>): Place =>
  run.owner === null ? run.projectDir : { owner: `${run.user}:${run.owner.uid}`, dir: run.projectDir };
