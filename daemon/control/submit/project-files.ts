import { existsSync, lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { SubmitRequest } from '../../../shared/api.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { mostText } from '../../environments/requirements.ts';
import { readText } from '../../environments/tree-files.ts';
import { resolveInside } from '../../snapshots/inside.ts';
import type { Snapshot } from '../../snapshots/snapshots.ts';
import type { Caller } from '../../users/caller.ts';
import { isTold } from '../../users/caller.ts';
import { callersPlace } from '../../users/namespace.ts';
import type { ControlParts } from '../parts.ts';

/** The files of a project as a submit reads them. */
export interface ProjectFiles {
  /** where they can be read; what is said to the user names their own folder */
  dir: string;
  /** whether there is such a file or folder, below the project */
  has(path: string): boolean;
  /** the text of a file; null: there is none, it cannot be read, or is longer than `most` bytes */
  read(path: string, most?: number): string | null;
  /** whether the snapshot has it, too: what is ignored is left out of it */
  isTaken(path: string, tree: string): Promise<boolean>;
  snapshot: Promise<Result<Pick<Snapshot, 'tree' | 'commit' | 'branch' | 'dirty' | 'warnings'>>>;
}

/**
 * Opens a project: the user's folder, of which a snapshot is begun; on a shared daemon the files that were sent. Fails with `snapshot_needed` where these
 * are not here (any more), and with `leads_outside`. `taken`: that snapshot, where there is one already.
 */
export async function openProject(
  parts: Pick<ControlParts, 'snapshots'>,
  caller: Caller,
  request: Pick<SubmitRequest, 'projectDir' | 'snapshot'>,
  taken: Snapshot | null = null,
): Promise<Result<ProjectFiles>> {
  if (isTold(caller)) return openSent(parts, caller, request);
  const dir = request.projectDir;
  const snapshot = taken ? Promise.resolve(ok(taken)) : parts.snapshots.take(dir);
  // it is awaited later; until then its failure is nobody's unhandled rejection
  snapshot.catch(() => undefined);
  return ok({
    dir,
    has: (path) => existsSync(join(dir, path)),
    read: (path, most = mostText) => readText(join(dir, path), most),
    async isTaken(path, tree) {
      // a path over a link is none of Git's
      const file = resolveInside(dir, path);
      return file !== null && (await parts.snapshots.idOf(dir, tree, relative(dir, file))) !== null;
    },
    snapshot,
  });
}

async function openSent(
  parts: Pick<ControlParts, 'snapshots'>,
  caller: Caller,
  request: Pick<SubmitRequest, 'projectDir' | 'snapshot'>,
): Promise<Result<ProjectFiles>> {
  const sent = request.snapshot;
  if (!sent)
    return fail('snapshot_needed', "This daemon reads nobody's folders: the command has to send the project's files", 'Update dstack.');
  const place = callersPlace(caller, request.projectDir);
  const tree = await parts.snapshots.materialize(place, sent.tree);
  if (!tree.ok) return tree;
  const dir = tree.value;
  // the tree is the user's, its links too, and this process could read whatever they point to
  const has = (path: string): boolean => resolveInside(dir, path) !== null;
  const folder = '.dstack/workflows';
  const looked = ['.dstack', `${folder}.yaml`, folder];
  if (has(folder)) looked.push(...(await readdir(join(dir, folder)).catch(() => [])).map((name) => `${folder}/${name}`));
  const outside = looked.find((path) => !has(path) && isLink(join(dir, path)));
  if (outside !== undefined) {
    return fail(
      'leads_outside',
      `${join(request.projectDir, outside)} is a link that leads out of the project`,
      'Put the file itself there: only what is in the project is sent.',
    );
  }
  const read = (path: string, most = mostText): string | null => {
    const file = resolveInside(dir, path);
    return file === null ? null : readText(file, most);
  };
  const isTaken = (path: string): Promise<boolean> => Promise.resolve(has(path));
  return ok({ dir, has, read, isTaken, snapshot: Promise.resolve(ok({ ...sent, warnings: [] })) });
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
