import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BytePath, joinZ, splitZ, toBytes } from './bytes.ts';
import { readDstackIgnore } from './dstackignore.ts';
import { tryGit } from './git.ts';
import { explicit } from './ls-files.ts';
import { matching } from './matching.ts';
import { findRepository, type Repository } from './repository.ts';
import { realPath, shadowOf, type Room, type SnapshotOptions } from './room.ts';
import { listingEnv, type Shadow } from './shadow.ts';
import { ownPlaces } from './wanted.ts';

/**
 * Those of the folders (below the project, none of them with a file that a snapshot takes) that no snapshot looks into: ignored as Git says, or by `.dstackignore`, or
 * ours. In doubt a folder is none of them.
 */
export async function ignoredFolders(
  room: Room,
  options: SnapshotOptions,
  givenDir: string,
  folders: readonly BytePath[],
): Promise<Set<BytePath>> {
  const projectDir = realPath(givenDir);
  const shadow = shadowOf(room, projectDir);
  const own = ownPlaces(projectDir, options);
  const ignored = new Set(folders.filter((folder) => own.some((prefix) => `${folder}/`.startsWith(prefix))));
  const others = folders.filter((folder) => !ignored.has(folder));
  if (others.length === 0) return ignored;
  const ignore = readDstackIgnore(projectDir, room.ignore);
  const [byGit, byOurs] = await Promise.all([
    byRepositories(shadow, projectDir, others),
    ignore
      ? matching(
          shadow,
          { file: join(projectDir, '.dstackignore') },
          others.map((folder) => `${folder}/`),
        )
      : new Set<BytePath>(),
  ]);
  const back = ignore ? ignore.text.split('\n').flatMap(comesBack) : [];
  for (const folder of others) {
    if (byOurs.has(`${folder}/`) || byGit.has(folder)) if (!back.some((is) => is(folder))) ignored.add(folder);
  }
  return ignored;
}

/** Each is judged by the repository that it lies in, which may be a nested one. */
async function byRepositories(shadow: Shadow, projectDir: string, folders: readonly BytePath[]): Promise<Set<BytePath>> {
  const known = new Map<BytePath, Repository | null>();
  const repositoryOf = (folder: BytePath): Repository | null => {
    const parent = folder.slice(0, Math.max(0, folder.lastIndexOf('/')));
    const before = known.get(parent);
    if (before !== undefined) return before;
    const here = toBytes(parent).toString('utf8');
    const found = parent === '' ? findRepository(projectDir) : (findRepository(join(projectDir, here), true) ?? repositoryOf(parent));
    known.set(parent, found);
    return found;
  };
  const byTop = Map.groupBy(folders, (folder) => repositoryOf(folder)?.top ?? null);
  const found = await Promise.all(
    [...byTop].map(([top, some]) => {
      const repository = top === null ? null : some[0] === undefined ? null : repositoryOf(some[0]);
      return repository ? ofRepository(shadow, projectDir, repository, some) : ofPlain(shadow, projectDir, some);
    }),
  );
  return found.reduce((all, some) => all.union(some), new Set<BytePath>());
}

async function ofRepository(shadow: Shadow, projectDir: string, repository: Repository, folders: BytePath[]): Promise<Set<BytePath>> {
  const outer = !repository.top.startsWith(`${projectDir}/`);
  const prefix = Buffer.from(outer ? repository.prefix : '', 'utf8').toString('latin1');
  const inner = outer ? '' : Buffer.from(`${repository.top.slice(projectDir.length + 1)}/`, 'utf8').toString('latin1');
  const asked = folders.map((folder) => prefix + folder.slice(inner.length));
  const project = prefix.replace(/\/$/, '');
  const args = [...explicit(repository), 'check-ignore', '-z', '--stdin'];
  const { code, out } = await tryGit(args, { cwd: repository.top, input: joinZ(project === '' ? asked : [project, ...asked]) });
  if (code !== 0 && code !== 1) return new Set();
  const said = new Set(splitZ(out));
  // a project that an outer repository ignores is one by itself
  if (project !== '' && said.has(project)) return ofPlain(shadow, projectDir, folders);
  return new Set(folders.filter((_, i) => said.has(asked[i] ?? '')));
}

async function ofPlain(shadow: Shadow, projectDir: string, folders: BytePath[]): Promise<Set<BytePath>> {
  if (!existsSync(projectDir)) return new Set();
  const env = listingEnv(shadow, projectDir);
  const { code, out } = await tryGit(['check-ignore', '--no-index', '-z', '--stdin'], { cwd: projectDir, env, input: joinZ(folders) });
  return code === 0 ? new Set(splitZ(out)) : new Set();
}

/** Whether a line of `.dstackignore` brings back something in a folder that another rule ignores. */
function comesBack(line: string): ((folder: BytePath) => boolean)[] {
  const pattern = line.trim();
  if (!pattern.startsWith('!')) return [];
  const bare = Buffer.from(pattern.slice(1).replace(/^\//, '').replace(/\/$/, ''), 'utf8').toString('latin1');
  const steps = bare.split('/');
  const at = steps.findIndex((step) => /[*?[\\]/.test(step));
  const literal = (at < 0 ? steps : steps.slice(0, at)).join('/');
  const anchored = pattern.slice(1).replace(/\/$/, '').includes('/');
  // what an unanchored pattern may bring back lies anywhere: a folder of its name does
  if (!anchored) return at < 0 ? [(folder) => folder.split('/').includes(bare)] : [];
  const deep = at < 0 || bare.includes('**');
  return [(folder) => folder === literal || literal.startsWith(`${folder}/`) || (deep && folder.startsWith(`${literal}/`))];
}
