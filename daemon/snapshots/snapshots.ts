/**
 * Snapshots of projects and the workspaces made of them (DESIGN §5). All paths are the daemon's own; names below `$DSTACK_HOME` contain ids only.
 */
import type { Result } from '../../shared/result.ts';
import type { MountSpec } from '../engine/engine.ts';
import type { Place, Received } from './room.ts';

export interface Snapshot {
  /** Git tree id in the project's shadow repository */
  tree: string;
  /** of the user's repository, if it is one */
  commit: string | null;
  branch: string | null;
  dirty: boolean;
  files: number;
  bytes: number;
  /** unreadable files left out, a size above 200 MB with its biggest folders */
  warnings: string[];
}

export interface Snapshots {
  /**
   * The project's files as they are now (the dirty tree). Fails with `too_large` above the limit of the config, before hashing, naming the biggest
   * folders, and with `git` when git is missing or says no.
   */
  take(projectDir: string): Promise<Result<Snapshot>>;
  /** The trees of a project whose files are received, those that came last first. */
  received(place: Received): Promise<string[]>;
  /**
   * Takes in a tree of such a project: `pack` is a file with all of its objects that are in none of the trees received before. Fails with
   * `bad_snapshot` for what is no such pack or lacks something, and with `too_large` above the limit of the config.
   */
  receive(place: Received, tree: string, pack: string): Promise<Result<void>>;
  /** Writes a pack of what the tree needs beyond the trees that somebody else `has`, for their `receive`. */
  send(projectDir: string, tree: string, has: string[], pack: string): Promise<Result<void>>;
  /** Makes sure that the tree lies in a directory (once per tree, atomically, never changed afterwards) and returns it. */
  materialize(place: Place, tree: string): Promise<Result<string>>;
  /** What a file or folder of a tree holds, as an id of Git's; null: it is not there. */
  idOf(place: Place, tree: string, path: string): Promise<string | null>;
  /** Makes the writable copy of a tree for one job attempt, as an overlay the engine will mount, or as a plain copy where `overlay` is false. Idempotent. */
  prepareWorkspace(place: Place, tree: string, id: string, overlay: boolean): Promise<Result<Workspace>>;
  /** Deletes the workspace of an attempt that ended; files of other users in it are deleted through `deleteAsRoot`. Idempotent. */
  discardWorkspace(id: string): Promise<void>;
  /** Workspaces on disk, by id */
  workspaces(): Promise<string[]>;
  /** Deletes trees, refs and objects that no tree of `keep` needs; returns what it freed */
  gc(keep: Set<string>, dryRun: boolean): Promise<{ trees: { bytes: number; items: number }; objects: { bytes: number; items: number } }>;
  use(): Promise<{
    trees: { bytes: number; items: number };
    objects: { bytes: number; items: number };
    workspaces: { bytes: number; items: number };
  }>;
}

export interface Workspace {
  id: string;
  /** what goes to `/workflow`: an overlay (its `volume` is named by the caller) or a bind mount of the copy */
  mount: Omit<Extract<MountSpec, { type: 'overlay' }>, 'volume' | 'target'> | Omit<Extract<MountSpec, { type: 'bind' }>, 'target'>;
}
