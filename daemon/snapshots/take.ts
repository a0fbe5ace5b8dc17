import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError, type Result, fail, messageOf, ok } from '../../shared/result.ts';
import { type BytePath, bytePath, readable, splitZ } from './bytes.ts';
import { git } from './git.ts';
import { type FoundFile, hashFew, isFew } from './hash-few.ts';
import { hashMany, loadMirror } from './hash-many.ts';
import { type Found, inspect } from './inspect.ts';
import { bigWarning, tooLarge } from './limits.ts';
import { emptyMirror, treeOf } from './mirror.ts';
import { objectId } from './objects.ts';
import { type LastSnapshot, type Room, type SnapshotOptions, forget, realPath, shadowOf } from './room.ts';
import { type Shadow, indexStamp, keepTree, shadowEnv } from './shadow.ts';
import type { Snapshot } from './snapshots.ts';
import { listWanted } from './wanted.ts';

/**
 * One snapshot. Two git processes look at everything at once: the user's lists, ours compares the files with our index; what differs is then all that
 * is read. When our side fails (an index damaged or lost), it is set up again, at last without the index, which only saves time.
 */
export async function take(room: Room, options: SnapshotOptions, givenDir: string): Promise<Result<Snapshot>> {
  const projectDir = realPath(givenDir);
  if (!existsSync(projectDir)) return fail('no_project', `There is no directory ${givenDir}.`);
  for (let tries = 1; ; tries++) {
    try {
      return await tryTake(room, options, projectDir);
    } catch (error) {
      forget(room);
      if (tries === 3 || /ENOSPC|No space left/.test(messageOf(error))) return failed(error);
      if (tries === 2) rmSync(join(room.shadowDir, 'index'), { force: true });
    }
  }
}

const failed = (error: unknown): Result<never> =>
  error instanceof FailureError ? { ok: false, failure: error.failure } : fail('git', `Cannot take a snapshot: ${messageOf(error)}`);

async function tryTake(room: Room, options: SnapshotOptions, projectDir: string): Promise<Result<Snapshot>> {
  if (room.last && (!room.shadow || indexStamp(room.shadow) !== room.last.stamp)) forget(room);
  const shadow = await shadowOf(room, projectDir);
  const listing = listWanted(room, { projectDir, shadow, memory: room.listing }, options).then(ok, failed);
  const cold = room.last === null;
  const last = (room.last ??= await loadLast(shadow, projectDir));
  const changed = await changedSince(shadow, projectDir);
  const listed = await listing;
  if (!listed.ok) return listed;
  if (indexStamp(shadow) !== last.stamp) throw new Error('our index was changed by somebody else');
  const { paths, commit, branch, dirty } = listed.value;

  const { known, suspects } = sort(last, paths, changed);
  const root = bytePath(`${projectDir}/`);
  const found = await inspect(root, suspects);
  const { files, removed } = decide(last, found, paths, cold ? changed : null);

  const sizes = new Map(files.map((file) => [file.path, file.size]));
  const bytesAfter = total(last, sizes, removed);
  if (bytesAfter > options.maxBytes()) return { ok: false, failure: tooLarge(sized(last, sizes, removed), bytesAfter, options.maxBytes()) };

  const { tree, leftOut } =
    isFew(files) && removed.length <= known ? hashFew(shadow, root, last, removed, files) : await hashAll(room, shadow, projectDir, last, removed, files);
  keepTree(shadow, tree);
  return ok({ tree, commit, branch, dirty, ...summary() });
}
