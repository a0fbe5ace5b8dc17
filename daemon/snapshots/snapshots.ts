/**
 * Snapshots of projects and the workspaces made of them (DESIGN §5). All paths are the daemon's own; names below `$DSTACK_HOME` contain ids only.
 */
import type { Result } from '../../shared/result.ts';
import type { MountSpec } from '../engine/engine.ts';
import type { BytePath } from './bytes.ts';
import type { Place, Received } from './room.ts';
import type { FileChange } from './tree-files.ts';

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

/** One that was taken by looking at a few files only. */
export interface SnapshotAgain extends Snapshot {
  /** the tree of the snapshot before */
  before: string;
  /** in which of the files it differs from that */
  changed: BytePath[];
}

export interface Snapshots {
  /**
   * The project's files as they are now (the dirty tree). Fails with `too_large` above the limit of the config, before hashing, naming the biggest
   * folders, and with `git` when git is missing or says no.
   */
  take(projectDir: string): Promise<Result<Snapshot>>;
  /** What is being done for it now: `reading 120,000 files, 2.1 GB`; null: nothing. */
  doing(projectDir: string): string | null;
  /** The same after these files alone have changed, in a fraction of the time. Null: only `take` can tell. */
  takeAgain(projectDir: string, paths: readonly BytePath[]): Promise<SnapshotAgain | null>;
  /** What the last snapshot was to hold; null: there was none in this process. For looking at, right then. */
  wanted(projectDir: string): ReadonlySet<BytePath> | null;
  /** Of folders in which there is nothing that a snapshot takes, those that none looks into. */
  ignoredFolders(projectDir: string, folders: readonly BytePath[]): Promise<Set<BytePath>>;
  /** The files in which two trees differ. */
  changedPaths(place: Place, from: string, to: string): Promise<BytePath[]>;
  /** The same with what they are in each. */
  changedFiles(place: Place, from: string, to: string): Promise<FileChange[]>;
  /** The contents of files, by their ids. Throws where one of them is not here, and TooBig (tree-files.ts) where they are more than `most` bytes together. */
  readContents(place: Place, ids: readonly string[], most?: number): Promise<Map<string, Buffer>>;
  /** The paths that patterns of .gitignore speak of. */
  matching(place: Place, patterns: readonly string[], paths: readonly BytePath[]): Promise<Set<BytePath>>;
  /** Whether a tree is among the snapshots of the project. */
  has(place: Place, tree: string): boolean;
  /** Drops the snapshots of a project that are not to be kept, with what only they needed; the workspaces that there are keep theirs. Returns how many. */
  tidy(place: Place, keep: ReadonlySet<string>): Promise<number>;
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
