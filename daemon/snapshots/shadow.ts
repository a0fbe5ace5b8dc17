import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dropDeadIndexes, indexName } from './index-owner.ts';

/**
 * Our bare repository of one project. Objects and refs are shared by all processes, as Git allows; the index is not: every process works on one of its
 * own and leaves copies as `index` for those to come. They are hard links, which is safe because Git replaces an index and never writes into it. So
 * nobody has to wait for another process's lock, and one left by a process that died stops nobody.
 */
export interface Shadow {
  dir: string;
  /** of this process */
  index: string;
  objects: string;
}

const config = `[core]
  repositoryFormatVersion = 0
  bare = true
  fileMode = true
  symlinks = true
  ignoreCase = false
  trustCtime = true
  checkStat = default
  preloadIndex = true
  untrackedCache = false
  fsmonitor = false
  splitIndex = false
  autocrlf = false
  safecrlf = false
  protectNTFS = false
  protectHFS = false
  hooksPath = /dev/null
  attributesFile = /dev/null
  looseCompression = 0
  createObject = rename
  bigFileThreshold = 64m
[index]
  skipHash = true
[pack]
  compression = 0
  window = 0
[checkout]
  workers = 0
[gc]
  auto = 0
`;
// bytes stay as they are: no line endings, no LFS or other filters, no keywords, no encodings
const attributes = '* -text -crlf -eol -filter -ident -working-tree-encoding\n';

/** Opens the repository, making it where it is missing or was cut short. At once, so that two callers never open it both. */
export function openShadow(dir: string, projectDir: string): Shadow {
  const shadow = { dir, index: join(dir, indexName()), objects: join(dir, 'objects') };
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const folder of ['objects/pack', 'objects/info', 'info', 'empty', 'refs/dstack/trees'])
    mkdirSync(join(dir, folder), { recursive: true });
  replace(shadow, 'HEAD', 'ref: refs/heads/none\n');
  replace(shadow, 'config', config);
  replace(shadow, 'info/attributes', attributes);
  replace(shadow, 'project', `${projectDir}\n`);
  dropDeadIndexes(dir);
  writeFileSync(hereOf(shadow), '');
  if (existsSync(join(dir, 'index'))) linkSync(join(dir, 'index'), shadow.index);
  return shadow;
}

/** Says that this process is here (index-owner.ts), before there is an index, which a small project may never have. */
export const hereOf = (shadow: Shadow): string => `${shadow.index}.here`;

/** The environment of git commands on the shadow repository: nothing of the user's or the system's configuration counts. */
export const shadowEnv = (shadow: Shadow, workTree: string, index: string = shadow.index): Record<string, string> => ({
  ...isolated(shadow.dir),
  ...listingEnv(shadow, workTree),
  GIT_INDEX_FILE: index,
});

/** The environment for listing a directory without a repository of its own: an empty index, and the user's configuration for what they always ignore. */
export const listingEnv = (shadow: Shadow, workTree: string): Record<string, string> => ({
  GIT_DIR: shadow.dir,
  GIT_WORK_TREE: workTree,
  GIT_INDEX_FILE: join(shadow.dir, 'no-index'),
});

/** Leaves a copy of this process's index for the next one. */
export function publishIndex(shadow: Shadow): void {
  const copy = join(shadow.dir, `tmp-${randomBytes(6).toString('hex')}`);
  linkSync(shadow.index, copy);
  renameSync(copy, join(shadow.dir, 'index'));
  // a rename onto another name of the same file does nothing, and leaves the copy
  rmSync(copy, { force: true });
}

/** Changes whenever this process's index does; null: it is gone. */
export function indexStamp(shadow: Shadow): string | null {
  const stat = statSync(shadow.index, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs}` : null;
}

/** Keeps a tree and all it needs from being pruned. */
export function keepTree(shadow: Shadow, tree: string): void {
  const ref = join(refsDir(shadow), tree);
  if (!existsSync(ref)) replace(shadow, join('refs/dstack/trees', tree), `${tree}\n`);
}

export const keptTrees = (shadowDir: string): string[] => {
  const refs = join(shadowDir, 'refs/dstack/trees');
  return existsSync(refs) ? readdirSync(refs) : [];
};

export const dropTree = (shadowDir: string, tree: string): void => rmSync(join(shadowDir, 'refs/dstack/trees', tree), { force: true });

const refsDir = (shadow: Shadow): string => join(shadow.dir, 'refs/dstack/trees');

const isolated = (home: string): Record<string, string> => ({
  HOME: home,
  XDG_CONFIG_HOME: home,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
});

/** Replaces a file at once, only where it differs. */
function replace(shadow: Shadow, name: string, content: string): void {
  const file = join(shadow.dir, name);
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return;
  const part = join(shadow.dir, `tmp-${randomBytes(6).toString('hex')}`);
  writeFileSync(part, content);
  renameSync(part, file);
}
