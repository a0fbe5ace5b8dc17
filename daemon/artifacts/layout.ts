import { join } from 'node:path';

/** Where things lie below `$DSTACK_HOME/artifacts`: run, job, then the artifact's key. Ids only, because `:` and `,` break mounts. */
export const layout = (dir: string) => ({
  run: (runId: number) => join(dir, String(runId)),
  job: (runId: number, job: number) => join(dir, String(runId), String(job)),
  folder: (runId: number, job: number, key: string) => join(dir, String(runId), String(job), key),
  /** A folder being made; renamed to its key when complete, so that a key that exists is complete. */
  part: (runId: number, job: number, key: string) => join(dir, String(runId), String(job), `.${key}.part`),
});

export type Layout = ReturnType<typeof layout>;

/** Who the files belong to in the end. */
export interface Owner {
  uid: number;
  gid: number;
}

/** Does with root's rights what the daemon has none for: `chown` gives all below `path` to the submitting user, `delete` empties and removes it. */
export type AsRoot = (action: 'chown' | 'delete', path: string) => Promise<void>;

/** True when the daemon itself may chown and delete anything. */
export const isRoot = (): boolean => process.getuid?.() === 0;
