import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { formatSize } from '../../shared/units.ts';
import { FailureError, type Result, fail, messageOf, ok } from '../../shared/result.ts';
import { type BytePath, bytePath, splitZ } from './bytes.ts';
import { type Changes, type LeftOut, filesAfter, findChanges, leftOutWarnings, unsureFiles } from './changes.ts';
import { git } from './git.ts';
import { hashFew, isFew } from './hash-few.ts';
import { hashMany, loadMirror } from './hash-many.ts';
import { bigWarning, tooLarge } from './limits.ts';
import { emptyMirror } from './mirror.ts';
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
  if (!existsSync(projectDir)) return fail('no_project', `There is no directory ${givenDir}.`, 'Go to one that there is.');
  for (let tries = 1; ; tries++) {
    try {
      room.doing = 'looking at the files of the project';
      return await tryTake(room, options, projectDir);
    } catch (error) {
      forget(room);
      if (tries === 3 || /ENOSPC|No space left|not installed/.test(messageOf(error))) return failed(error);
      if (tries === 2) rmSync(join(room.shadowDir, 'index'), { force: true });
    } finally {
      room.doing = null;
    }
  }
}

const failed = (error: unknown): { ok: false } & Result<never> =>
  error instanceof FailureError
    ? { ok: false, failure: error.failure }
    : fail('git', `Cannot take a snapshot: ${messageOf(error)}`, 'Look with: dstack doctor');

async function tryTake(room: Room, options: SnapshotOptions, projectDir: string): Promise<Result<Snapshot>> {
  if (room.last && (!room.shadow || indexStamp(room.shadow) !== room.last.stamp)) forget(room);
  const shadow = shadowOf(room, projectDir);
  // a failure of the user's repository is not mended by setting up ours again
  const listing = listWanted(room, { projectDir, shadow, memory: room.listing }, options).then(ok, failed);
  const last = (room.last ??= await loadLast(shadow, projectDir));
  const changed = await changedSince(shadow, projectDir);
  const listed = await listing;
  if (!listed.ok) return listed;
  const { paths, commit, branch, dirty } = listed.value;
  // with the index gone in between, git would have found nothing changed
  if (indexStamp(shadow) !== last.stamp) throw new Error('our index was changed by somebody else');

  const changes = await findChanges(last, bytePath(`${projectDir}/`), paths, changed);
  const after = filesAfter(last, changes);
  const bytes = after.reduce((sum, file) => sum + file.size, 0);
  if (bytes > options.maxBytes()) return { ok: false, failure: tooLarge(after, bytes, options.maxBytes()) };

  const fresh = changes.files.reduce((sum, file) => sum + file.size, 0);
  room.doing = `reading ${withCommas(changes.files.length)} files, ${formatSize(fresh)}`;
  const { tree, leftOut } = await store(room, shadow, projectDir, last, changes, changed);
  keepTree(shadow, tree);
  room.head = { commit, branch };
  const warnings = [...listed.value.warnings, ...leftOutWarnings([...changes.leftOut, ...leftOut])];
  if (bytes > options.warnBytes()) warnings.push(bigWarning(after, bytes));
  return ok({ tree, commit, branch, dirty, files: room.last.mirror.files.size, bytes, warnings });
}

/** What our index holds when this process has not looked yet. */
async function loadLast(shadow: Shadow, projectDir: string): Promise<LastSnapshot> {
  const nothing = { ahead: new Set<BytePath>(), gone: new Set<BytePath>(), unsure: new Map<BytePath, number>() };
  if (indexStamp(shadow) === null) return { mirror: emptyMirror(), stamp: null, ...nothing };
  const { out } = await git(['write-tree'], { cwd: projectDir, env: shadowEnv(shadow, projectDir) });
  const mirror = await loadMirror(shadow, projectDir, out.toString('utf8').trim(), () => -1);
  return { mirror, stamp: indexStamp(shadow), ...nothing };
}

/** What differs from our index by time, size, mode or kind; Git compares contents where times cannot tell. */
async function changedSince(shadow: Shadow, projectDir: string): Promise<Set<BytePath>> {
  const { out } = await git(['diff-files', '-z', '--name-only'], { cwd: projectDir, env: shadowEnv(shadow, projectDir) });
  return new Set(splitZ(out));
}

/** Brings the room's last snapshot up to the changes, by whichever way costs less. */
async function store(
  room: Room,
  shadow: Shadow,
  projectDir: string,
  last: LastSnapshot,
  changes: Changes,
  changed: Set<BytePath>,
): Promise<{ tree: string; leftOut: LeftOut[] }> {
  const { files, removed } = changes;
  if (isFew(files) && removed.length <= 1000) return hashFew(shadow, bytePath(`${projectDir}/`), last, removed, files);

  const since = Date.now();
  // git does not read again what seems unchanged to it: those files it must forget first
  const forgotten = files.map((file) => file.path).filter((path) => !changed.has(path) && last.mirror.files.has(path));
  const { tree, leftOut } = await hashMany(shadow, projectDir, [...removed, ...last.gone, ...forgotten], files);
  const sizes = new Map(filesAfter(last, changes).map(({ path, size }) => [path, size]));
  const mirror = await loadMirror(shadow, projectDir, tree, (path) => sizes.get(path) ?? -1);
  const read = new Set([...removed, ...files.map((file) => file.path)]);
  for (const path of last.mirror.files.keys()) {
    if (!read.has(path) && !mirror.files.has(path)) throw new Error('our index lost files while it was written');
  }
  room.last = { mirror, stamp: indexStamp(shadow), ahead: new Set(), gone: new Set(), unsure: unsureFiles(files, since) };
  return { tree, leftOut };
}

/** 12,345: without Node's library of languages, which takes 4 MB once it was asked for a single number. */
const withCommas = (count: number): string => String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
