/**
 * The snapshots of a project that this process does not read itself, because it has rights that the project's user has not. They come as packs of Git
 * objects, which are taken for what they are: somebody's input. Refs are ours alone.
 */
import { closeSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Result, fail, messageOf, ok } from '../../shared/result.ts';
import { formatSize } from '../../shared/units.ts';
import { git, tryGit } from './git.ts';
import { measureTree } from './measure-tree.ts';
import { type Received, type Room, type SnapshotOptions, shadowOf } from './room.ts';
import { keepTree, keptTrees, shadowEnv } from './shadow.ts';
import { isTreeId } from './trees.ts';

/** More would make the question whether something is known longer than the answer is worth. */
const mostTrees = 20;

/** What git may ask for at once: a sender could claim any size of an object. Blobs above `bigFileThreshold` go through in pieces. */
const memoryLimit = '160m';

/** See Snapshots.received. */
export function receivedTrees(room: Room): string[] {
  const at = (tree: string): number => statSync(join(room.shadowDir, 'refs/dstack/trees', tree), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return keptTrees(room.shadowDir)
    .map((tree) => ({ tree, at: at(tree) }))
    .toSorted((a, b) => b.at - a.at)
    .slice(0, mostTrees)
    .map(({ tree }) => tree);
}

/** See Snapshots.receive. What is refused leaves nothing behind. */
export async function receive(room: Room, options: SnapshotOptions, place: Received, tree: string, pack: string): Promise<Result<void>> {
  if (!isTreeId(tree)) return fail('bad_snapshot', `\`${tree}\` is not the id of a tree.`, null);
  const shadow = shadowOf(room, place);
  const within = { cwd: shadow.dir, env: { ...shadowEnv(shadow, shadow.dir), GIT_ALLOC_LIMIT: memoryLimit } };
  const packs = join(shadow.objects, 'pack');
  const before = new Set(readdirSync(packs));
  const refuse = (code: string, message: string): Result<never> => {
    for (const name of readdirSync(packs)) if (!before.has(name)) rmSync(join(packs, name), { force: true });
    return fail(code, message, 'The program that sends them is damaged, or another one: use the dstack that is installed here.');
  };
  const file = openSync(pack, 'r');
  try {
    // strict: names such as `..` and `.git`, entries given twice, and objects that others refer to and that are not there
    const indexed = await tryGit(['index-pack', '--stdin', '--strict'], { ...within, stdin: file });
    if (indexed.code !== 0) return refuse('bad_snapshot', `The files that were sent are not accepted: ${lastLine(indexed.err)}`);
    const { out } = await git(['cat-file', '-t', tree], within);
    if (out.toString('latin1').trim() !== 'tree') return refuse('bad_snapshot', `${tree} is not a tree.`);
    await git(['rev-list', '--objects', '--quiet', tree], within);
    const size = await measureTree(within, tree, options.maxBytes());
    if (size === null)
      return refuse('too_large', `The files that were sent are more than the limit of a snapshot, ${formatSize(options.maxBytes())}.`);
    keepTree(shadow, tree);
    return ok(undefined);
  } catch (error) {
    return refuse('bad_snapshot', `The files that were sent are not complete: ${messageOf(error)}`);
  } finally {
    closeSync(file);
  }
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
