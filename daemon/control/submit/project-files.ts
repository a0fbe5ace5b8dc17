import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SubmitRequest } from '../../../shared/api.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { resolveInside } from '../../snapshots/inside.ts';
import type { Snapshot } from '../../snapshots/snapshots.ts';
import type { Caller } from '../../users/caller.ts';
import { ownerOf } from '../../users/caller.ts';
import { snapshotPlace } from '../../users/namespace.ts';
import type { ControlParts } from '../parts.ts';

/** The files of a project as a submit reads them. */
export interface ProjectFiles {
  /** where they can be read; what is said to the user names their own folder */
  dir: string;
  /** whether there is such a file or folder, below the project */
  has(path: string): boolean;
  /** the text of a file; null: there is none, or it cannot be read */
  read(path: string): string | null;
  snapshot: Promise<Result<Pick<Snapshot, 'tree' | 'commit' | 'branch' | 'dirty' | 'warnings'>>>;
}

/**
 * Opens a project: the user's folder, of which a snapshot is begun; on a shared daemon the files that were sent. Fails with `snapshot_needed` where these
 * are not here (any more), and with `leads_outside`.
 */
export async function openProject(
  parts: Pick<ControlParts, 'snapshots'>,
  caller: Caller,
  request: SubmitRequest,
): Promise<Result<ProjectFiles>> {
  if (caller.shared) return openSent(parts, caller, request);
  const dir = request.projectDir;
  const snapshot = parts.snapshots.take(dir);
  // it is awaited later; until then its failure is nobody's unhandled rejection
  snapshot.catch(() => undefined);
  return ok({ dir, has: (path) => existsSync(join(dir, path)), read: (path) => textOf(join(dir, path)), snapshot });
}

async function openSent(parts: Pick<ControlParts, 'snapshots'>, caller: Caller, request: SubmitRequest): Promise<Result<ProjectFiles>> {
  const sent = request.snapshot;
  if (!sent)
    return fail(
      'snapshot_needed',
      "The daemon of this machine is shared by its users: the command has to send the project's files",
      'Update dstack.',
    );
  const place = snapshotPlace({ projectDir: request.projectDir, user: caller.user, owner: ownerOf(caller) });
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
      'Put the file itself there: a shared daemon reads only what is in the project.',
    );
  }
  const read = (path: string): string | null => {
    const file = resolveInside(dir, path);
    return file === null ? null : textOf(file);
  };
  return ok({ dir, has, read, snapshot: Promise.resolve(ok({ ...sent, warnings: [] })) });
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
