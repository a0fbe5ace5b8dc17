import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Artifacts } from './artifacts.ts';
import { deleteFolder } from './delete-folder.ts';
import { importDirs } from './import-dirs.ts';
import { createImporting } from './importing.ts';
import { layout } from './layout.ts';
import type { AsRoot, Owner } from './layout.ts';
import { listFolder } from './list.ts';
import { prepare } from './prepare.ts';
import { settle } from './settle.ts';
import { tarOf } from './tar.ts';
import { allocated, runsIn } from './use.ts';

export interface ArtifactsOptions {
  /** `$DSTACK_HOME/artifacts`; made when needed, closed to others */
  dir: string;
  /** the submitting user */
  owner: Owner;
  /** called only where the daemon's own rights do not suffice */
  asRoot: AsRoot;
}

/** The store of artifacts in a folder of this machine. */
export function createArtifacts({ dir, owner, asRoot }: ArtifactsOptions): Artifacts {
  const at = layout(dir);
  const importing = createImporting(at);

  const closed = async (): Promise<void> => {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await chmod(dir, 0o700);
  };

  return {
    folder: at.folder,
    async prepare(runId, job, folders, account = null) {
      await closed();
      return prepare(at, runId, job, folders, asRoot, account);
    },
    settle: (runId, job, of) => settle(at.job(runId, job), of ?? owner, asRoot),
    async list(runId, job, folders) {
      const lists = await Promise.all(folders.map(({ key, path }) => listFolder(at.folder(runId, job, key), path)));
      return lists.flat();
    },
    tar: (parts) =>
      tarOf(
        parts.flatMap(({ runId, job, folders }) =>
          folders.map(({ key, path }) => ({ root: at.folder(runId, job, key), path: posix.relative('/', posix.join('/', path)) })),
        ),
      ),
    importDirs: (runId, job, dirs, account = null) =>
      importing.during(runId, job, dirs, async () => {
        await closed();
        const done = await importDirs(at, runId, job, dirs, asRoot, account);
        if (done.ok) await settle(at.job(runId, job), account ?? owner, asRoot);
        return done;
      }),
    importing: importing.runs,
    doing: importing.doing,
    has: (runId) => existsSync(at.run(runId)),
    bytesOf: (runId) => allocated(at.run(runId)),
    remove: (runId) => deleteFolder(at.run(runId), asRoot),
    async use() {
      const all = [];
      for (const runId of await runsIn(dir)) all.push({ runId, bytes: await allocated(at.run(runId)) });
      return all;
    },
  };
}
