/**
 * The folders that runs save (DESIGN §6): one per attempt under `$DSTACK_HOME/artifacts`, named by ids, bind-mounted into the job.
 */
import type { Readable } from 'node:stream';
import type { Result } from '../../shared/result.ts';
import type { Account } from '../users/reach.ts';
import type { ArtifactFile } from '../../shared/api.ts';

/** An artifact of a job: `path` as declared (normalised; relative to the working directory, or absolute), `key` its folder's name on disk ('0', '1', …). */
export interface ArtifactFolder {
  path: string;
  key: string;
}

export interface Artifacts {
  /** The folder of a job's artifact on the host. */
  folder(runId: number, job: number, key: string): string;
  /**
   * Makes the folders, empty and writable for whatever user the image has (0777 beneath a 0700 parent). `from` names a folder to start as a copy of
   * (a dep at the same path; reflink where possible). Idempotent: a copy cut short is made again, a complete one is left alone. Later attempts find the folder as the earlier left it. `account`: copies with the
   * rights of this user, whose folders they are.
   */
  prepare(runId: number, job: number, folders: { key: string; from: string | null }[], account?: Account | null): Promise<Result<void>>;
  /** After the end: everything belongs to the submitting user (null: the daemon's own) and is readable by the daemon; returns files and bytes. */
  settle(runId: number, job: number, owner?: { uid: number; gid: number } | null): Promise<{ files: number; bytes: number }>;
  /** every file (empty ones too), sorted by path; symbolic links with their own size, never followed */
  list(runId: number, job: number, folders: ArtifactFolder[]): Promise<ArtifactFile[]>;
  /** a tar of the folders under their declared paths (leading `/` cut) */
  tar(parts: { runId: number; job: number; folders: ArtifactFolder[] }[]): Readable;
  /** copies local folders in, for `tags add -a`; with the rights of `account`, to whom they then belong (null: the daemon's own) */
  importDirs(runId: number, job: number, dirs: { key: string; source: string }[], account?: Account | null): Promise<Result<void>>;
  /** the runs whose folders `importDirs` copies in now */
  importing(): number[];
  /** how far it is with those of a run, in words; null: it copies nothing of it */
  doing(runId: number): Promise<string | null>;
  /** whether there is anything of a run */
  has(runId: number): boolean;
  /** bytes that a run takes */
  bytesOf(runId: number): Promise<number>;
  /** deletes all of a run */
  remove(runId: number): Promise<void>;
  /** bytes of each run that has any */
  use(): Promise<{ runId: number; bytes: number }[]>;
}
