import type { RunRecord } from '../store/records.ts';

/** Who asks. It is the socket that says so, never a field of a request. */
export interface Caller {
  user: string;
  uid: number;
  gid: number;
  /** their home directory: `~` in what they mount */
  home: string;
  /** may end and remove everybody's runs, and stop the daemon */
  admin: boolean;
  /** this daemon serves all users of the machine; else it serves one, to whom everything in it belongs */
  shared: boolean;
  /** their command runs on another machine: no path that it names is one of this machine */
  elsewhere?: boolean;
}

/** What somebody wants with a run: look at it, end or remove it, run commands in its container, or use it as their own. */
export type Access = 'read' | 'end' | 'enter' | 'own';

/** Whether a run is the caller's own. A name alone does not count: it may have been given to another account since. */
export const owns = (caller: Caller, run: Pick<RunRecord, 'user' | 'owner'>): boolean =>
  !caller.shared || (run.user === caller.user && run.owner?.uid === caller.uid);

/** Whether the caller may do this with a run. */
export function may(caller: Caller, access: Access, run: Pick<RunRecord, 'user' | 'owner' | 'shared'>): boolean {
  if (owns(caller, run)) return true;
  switch (access) {
    case 'read':
      return caller.admin || run.shared;
    case 'end':
    case 'enter':
      return caller.admin;
    case 'own':
      return false;
  }
}

/** Whether this daemon is told a project's name and sent its files, because it cannot or must not read the caller's folders. */
export const isTold = ({ shared, elsewhere }: Pick<Caller, 'shared' | 'elsewhere'>): boolean => shared || elsewhere === true;

/** To whom the files of the caller's runs are given; null: to the daemon's own user. */
export const ownerOf = (caller: Caller): { uid: number; gid: number } | null =>
  caller.shared ? { uid: caller.uid, gid: caller.gid } : null;
