import { existsSync, rmSync } from 'node:fs';
import { type BytePath, joinZ, splitZ } from './bytes.ts';
import type { LeftOut } from './changes.ts';
import { git, tryGit } from './git.ts';
import type { FoundFile } from './hash-few.ts';
import { type Entry, type Mirror, emptyMirror, setFile, treeOf } from './mirror.ts';
import { objectId } from './objects.ts';
import { type Shadow, publishIndex, shadowEnv } from './shadow.ts';

/**
 * Brings our index up to date and writes its tree. Returns the tree id and the files that git could not take (unreadable, or changing all the time).
 */
export async function hashMany(shadow: Shadow, projectDir: string, removed: BytePath[], files: FoundFile[]) {
  const options = { cwd: projectDir, env: shadowEnv(shadow, projectDir) };
  // only children of this process write this index, and none runs now: a lock is left from one that was killed
  rmSync(`${shadow.index}.lock`, { force: true });
  await remove(removed, options);
  const intoPack = (await packsAtOnce()) ? ['-c', 'core.bigFileThreshold=1'] : [];
  const leftOut = await add(
    [...intoPack, ...addArgs],
    files.map((file) => file.path),
    options,
  );
  // not what it held before, either
  await remove(
    leftOut.map((file) => file.path),
    options,
  );
  const { out } = await git(['write-tree'], options);
  if (existsSync(shadow.index)) publishIndex(shadow);
  return { tree: out.toString('utf8').trim(), leftOut };
}

async function remove(paths: BytePath[], options: { cwd: string; env: Record<string, string> }): Promise<void> {
  if (paths.length > 0) await git(['update-index', '-z', '--force-remove', '--stdin'], { ...options, input: joinZ(paths) });
}

const addArgs = ['update-index', '-z', '--add', '--remove', '--replace', '--stdin'];

/**
 * Since 2.38 git writes all "big" files of one run into one pack. A single file instead of thousands: five times faster (measured), and small files
 * take no 4 kB each. Before, each would get a pack of its own.
 */
async function packsAtOnce(): Promise<boolean> {
  const [, major, minor] = /(\d+)\.(\d+)/.exec((await git(['version'], { cwd: '/' })).out.toString('utf8')) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 38);
}

/** Git refuses a whole batch for one bad file: then each half by itself, until the bad ones stand alone. */
async function add(args: string[], paths: BytePath[], options: { cwd: string; env: Record<string, string> }): Promise<LeftOut[]> {
  if (paths.length === 0) return [];
  const { code, err } = await tryGit(args, { ...options, input: joinZ(paths) });
  if (code === 0) return [];
  // what is wrong with our repository is wrong for every file
  if (/No space left|unable to (create|write)|insufficient permission|index\.lock/i.test(err)) throw new Error(err.trim());
  if (paths.length === 1) return paths.map((path) => ({ path, why: whyOf(err) }));
  const half = Math.ceil(paths.length / 2);
  return [...(await add(args, paths.slice(0, half), options)), ...(await add(args, paths.slice(half), options))];
}

const whyOf = (err: string): string =>
  err
    .trim()
    .split('\n')[0]
    ?.replace(/^(error|fatal): /, '') ?? 'git cannot read it';

/** What our index holds, with the sizes that are known; its tree is written. */
export async function loadMirror(shadow: Shadow, projectDir: string, tree: string, sizeOf: (path: BytePath) => number): Promise<Mirror> {
  const { out } = await git(['ls-files', '-z', '-s'], { cwd: projectDir, env: shadowEnv(shadow, projectDir) });
  const mirror = emptyMirror();
  for (const row of splitZ(out)) {
    const path = row.slice(row.indexOf('\t') + 1);
    const mode = modeOf(row.slice(0, 6));
    if (!mode) throw new Error(`our index holds an entry of mode ${row.slice(0, 6)}`);
    setFile(mirror, path, { mode, blob: row.slice(7, row.indexOf(' ', 7)), size: sizeOf(path) });
  }
  // knows the ids of all inner trees from here on; they are written already
  if (treeOf(mirror, (content) => objectId('tree', content)) !== tree) throw new Error('our index changed while it was read');
  return mirror;
}

const modeOf = (mode: string): Entry['mode'] | null => (mode === '100644' || mode === '100755' || mode === '120000' ? mode : null);
