import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, rmdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError, type Result, fail, messageOf, ok } from '../../shared/result.ts';
import { type BytePath, bytePath, joinZ, splitZ, toBytes } from './bytes.ts';
import { git, tryGit } from './git.ts';
import { partName } from './parts.ts';
import { type Place, type Room, type SnapshotOptions, shadowOf } from './room.ts';
import { mustRun } from './run.ts';
import { type Shadow, keptTrees, shadowEnv } from './shadow.ts';

/** Above this many changed files the way over hard links saves little. */
const smallEdit = 2000;

export const isTreeId = (text: string): boolean => /^[0-9a-f]{40}$/.test(text);

/**
 * Puts a tree into `treesDir/<tree>`: made beside it and renamed, so that it is there whole or not at all. Everybody may write in it as far as modes go
 * (the user of an image is not known here); nobody does, because it is only ever the lower layer of an overlay. `treesDir` itself is closed to others.
 */
export async function materialize(room: Room, options: SnapshotOptions, place: Place, tree: string): Promise<Result<string>> {
  if (!isTreeId(tree)) return fail('git', `\`${tree}\` is not the id of a tree.`, null);
  const target = join(options.treesDir, tree);
  // a tree that somebody else sent may be there: knowing its name is no right to it
  if (typeof place !== 'string' && !keptTrees(room.shadowDir).includes(tree))
    return fail('snapshot_needed', `The tree ${tree} is not here.`, 'Run it again: the files are then sent anew.');
  if (existsSync(target)) return ok(target);
  const part = join(options.treesDir, partName());
  try {
    mkdirSync(options.treesDir, { recursive: true, mode: 0o700 });
    const shadow = shadowOf(room, place);
    if (!(await fromEarlier(shadow, options.treesDir, tree, part))) await fromObjects(shadow, tree, part);
    moveInto(part, target);
    return ok(target);
  } catch (error) {
    return error instanceof FailureError
      ? { ok: false, failure: error.failure }
      : fail('git', `Cannot unpack the snapshot: ${messageOf(error)}`, 'Look with: dstack doctor');
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** Git's id of a file or folder in a tree; null: it is not there. */
export async function idOf(room: Room, place: Place, tree: string, path: string): Promise<string | null> {
  const shadow = shadowOf(room, place);
  const name = path === '.' || path === '' ? tree : `${tree}:${path}`;
  const { code, out } = await tryGit(['rev-parse', '--verify', '-q', name], { cwd: shadow.dir, env: shadowEnv(shadow, shadow.dir) });
  return code === 0 ? out.toString('utf8').trim() : null;
}

async function fromObjects(shadow: Shadow, tree: string, part: string): Promise<void> {
  mkdirSync(part);
  chmodSync(part, 0o777);
  await withIndex(shadow, part, (options) => git(['read-tree', '--reset', '-u', tree], { ...options, openMask: true }));
}

/** From the tree before, by hard links: what is written anew is only what differs. False: there is none, or it differs in too much. */
async function fromEarlier(shadow: Shadow, treesDir: string, tree: string, part: string): Promise<boolean> {
  const earlier = newest(treesDir, keptTrees(shadow.dir));
  if (!earlier) return false;
  const { out } = await git(['diff-tree', '-r', '-z', '--no-renames', '--name-status', earlier, tree], {
    cwd: shadow.dir,
    env: shadowEnv(shadow, part),
  });
  const records = splitZ(out);
  if (records.length / 2 > smallEdit) return false;
  try {
    await mustRun('cp', ['-al', join(treesDir, earlier), part]);
  } catch {
    // a file system without hard links, or too many of one file
    await rm(part, { recursive: true, force: true });
    return false;
  }
  const written: BytePath[] = [];
  for (let i = 0; i + 1 < records.length; i += 2) {
    const path = records[i + 1] ?? '';
    if (records[i] !== 'D') written.push(path);
    // a hard link must be cut, never written through
    if (records[i] !== 'A') unlinkWithEmptyDirs(bytePath(part), path);
  }
  await withIndex(shadow, part, async (options) => {
    await git(['read-tree', tree], options);
    await git(['checkout-index', '-z', '--stdin'], { ...options, input: joinZ(written), openMask: true });
  });
  return true;
}

function unlinkWithEmptyDirs(root: BytePath, path: BytePath): void {
  rmSync(toBytes(`${root}/${path}`));
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    try {
      rmdirSync(toBytes(`${root}/${path.slice(0, end)}`));
    } catch {
      return;
    }
  }
}

async function withIndex(
  shadow: Shadow,
  part: string,
  work: (options: { cwd: string; env: Record<string, string> }) => Promise<unknown>,
): Promise<void> {
  const index = join(shadow.dir, `tmp-${randomBytes(6).toString('hex')}`);
  try {
    await work({ cwd: part, env: shadowEnv(shadow, part, index) });
  } finally {
    await rm(index, { force: true });
  }
}

function newest(treesDir: string, trees: string[]): string | null {
  const made = trees.flatMap((tree) => {
    const stat = statSync(join(treesDir, tree), { throwIfNoEntry: false });
    return stat ? [{ tree, at: stat.ctimeMs }] : [];
  });
  return made.toSorted((a, b) => b.at - a.at)[0]?.tree ?? null;
}

/** Another process may have been first: then its tree is the same. */
function moveInto(part: string, target: string): void {
  try {
    renameSync(part, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  }
}
