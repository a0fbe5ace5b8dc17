import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../shared/result.ts';
import { type BytePath, readable, splitZ, toBytes } from './bytes.ts';
import { git, tryGit } from './git.ts';
import { explicit, lsTracked, lsUntracked } from './ls-files.ts';
import { type Repository, findRepository, userIndexStamp } from './repository.ts';
import { type Shadow, listingEnv } from './shadow.ts';
import { type UserStatus, userStatus } from './user-status.ts';

/** Some of the project's paths; the same object as long as nothing changed, so that comparing is free. */
export type Part = readonly BytePath[];

/** What belongs to a snapshot, before `.dstackignore`. */
export interface Listing {
  parts: Part[];
  commit: string | null;
  branch: string | null;
  dirty: boolean;
  warnings: string[];
}

/** What is remembered of earlier listings, by place. */
export interface ListingMemory {
  tracked: { stamp: string; files: BytePath[]; links: BytePath[] } | null;
  parts: Map<string, Part>;
}

export const emptyMemory = (): ListingMemory => ({ tracked: null, parts: new Map() });

export interface Place {
  projectDir: string;
  shadow: Shadow;
  memory: ListingMemory;
}

/**
 * Lists the project's files: what the user's repository tracks (force-added files too) and what is untracked and not ignored; in a directory without a
 * repository all that is not ignored; nested repositories and submodules by the same rule. What is listed may be gone, or something else than a file.
 */
export async function listProject(place: Place): Promise<Listing> {
  const repository = findRepository(place.projectDir);
  const listing = repository ? await listRepository(place, repository) : null;
  // a project that an outer repository ignores (home directories under Git) is one by itself
  if (listing && (repository?.prefix === '' || listing.parts.some((part) => part.length > 0))) return listing;
  const warnings: string[] = [];
  return { parts: await listPlain(place, '', warnings), commit: null, branch: null, dirty: false, warnings };
}

/** What a `.dstackignore` brings back: files, and what nested repositories hold. */
export async function listReincluded(place: Place, paths: BytePath[]): Promise<Part[]> {
  const [files, nested] = split(paths);
  return [memo(place, 'reincluded', files), ...(await listNested(place, nested, []))];
}

async function listRepository(place: Place, repository: Repository): Promise<Listing> {
  const warnings: string[] = [];
  const { projectDir } = place;
  for (;;) {
    const stamp = userIndexStamp(repository);
    const [status, tracked] = await Promise.all([userStatus(projectDir, repository), listTracked(place, repository, stamp)]);
    // staged in between: one of the two has not seen it
    if (userIndexStamp(repository) !== stamp) continue;
    const head = typeof status === 'string' ? await listWithoutStatus(place, repository, status, warnings) : status;
    warnings.push(...unreadableDirs(head.complaints, ''));
    const [files, nested] = split(head.untracked);
    const parts = [tracked.files, memo(place, 'untracked', files), ...(await listNested(place, [...tracked.links, ...nested], warnings))];
    return { parts, commit: head.commit, branch: head.branch, dirty: head.dirty, warnings };
  }
}

/** The repository's own list. Kept until the user's index changes. */
async function listTracked(place: Place, repository: Repository, stamp: string): Promise<{ files: BytePath[]; links: BytePath[] }> {
  if (place.memory.tracked?.stamp === stamp) return place.memory.tracked;
  place.memory.tracked = { stamp, ...(await lsTracked(place.projectDir, repository)) };
  return place.memory.tracked;
}

/** Where `git status` fails: the list without it, running nothing that the repository's configuration names. */
async function listWithoutStatus(place: Place, repository: Repository, why: string, warnings: string[]): Promise<UserStatus> {
  warnings.push(`git status does not work here, so the run counts as not committed: ${why}`);
  const ask = (args: string[]) => tryGit([...explicit(repository), ...args], { cwd: place.projectDir });
  const text = async (args: string[]) => ask(args).then(({ code, out }) => (code === 0 ? out.toString('utf8').trim() : null));
  const [others, commit, branch] = await Promise.all([
    lsUntracked(place.projectDir, repository),
    text(['rev-parse', '--verify', '-q', 'HEAD']),
    text(['symbolic-ref', '-q', '--short', 'HEAD']),
  ]);
  return { commit, branch, dirty: true, ...others };
}

async function listNested(place: Place, dirs: BytePath[], warnings: string[]): Promise<Part[]> {
  const parts = await Promise.all(dirs.map((dir) => listNestedOne(place, dir.replace(/\/$/, ''), warnings)));
  return parts.flat();
}

async function listNestedOne(place: Place, dir: BytePath, warnings: string[]): Promise<Part[]> {
  const bytes = Buffer.concat([Buffer.from(`${place.projectDir}/`), toBytes(dir)]);
  const absolute = bytes.toString('utf8');
  if (!isDirectory(bytes)) return [];
  if (!Buffer.from(absolute).equals(bytes)) {
    warnings.push(`Left out, because its name is not UTF-8: the repository ${readable(dir)}`);
    return [];
  }
  const repository = findRepository(absolute, true);
  if (!repository) return listPlain(place, `${dir}/`, warnings);
  const lists = await Promise.all([lsTracked(absolute, repository), lsUntracked(absolute, repository)]).catch((error: unknown) =>
    messageOf(error),
  );
  if (typeof lists === 'string') {
    warnings.push(`Taken as a plain directory: ${readable(dir)}/ (${lists})`);
    return listPlain(place, `${dir}/`, warnings);
  }
  const [known, others] = lists;
  warnings.push(...unreadableDirs(others.complaints, `${readable(dir)}/`));
  const [files, nested] = split(others.untracked);
  const here = (paths: BytePath[]) => paths.map((path) => `${dir}/${path}`);
  return [memo(place, dir, here([...known.files, ...files])), ...(await listNested(place, here([...known.links, ...nested]), warnings))];
}

/** A directory without a repository: all that is not ignored. `prefix` '' or `a/b/`. */
async function listPlain(place: Place, prefix: BytePath, warnings: string[]): Promise<Part[]> {
  const dir = join(place.projectDir, toBytes(prefix).toString('utf8'));
  const args = ['-c', 'core.fsmonitor=false', 'ls-files', '-z', '-o', '--exclude-standard'];
  const { out, err } = await git(args, { cwd: dir, env: listingEnv(place.shadow, dir) });
  warnings.push(...unreadableDirs(err, readable(prefix)));
  const [files, nested] = split(splitZ(out));
  const here = (paths: BytePath[]) => (prefix === '' ? paths : paths.map((path) => prefix + path));
  return [memo(place, `plain ${prefix}`, here(files)), ...(await listNested(place, here(nested), warnings))];
}

/** Files, and nested repositories (their names end in a slash). */
function split(paths: BytePath[]): [files: BytePath[], nested: BytePath[]] {
  return [paths.filter((path) => !path.endsWith('/')), paths.filter((path) => path.endsWith('/'))];
}

function memo(place: Place, key: string, paths: BytePath[]): Part {
  const known = place.memory.parts.get(key);
  if (known && known.length === paths.length && known.every((path, i) => path === paths[i])) return known;
  place.memory.parts.set(key, paths);
  return paths;
}

const unreadableDirs = (complaints: string, prefix: string): string[] =>
  [...complaints.matchAll(/^warning: could not open directory '(.*?)\/?': (.*)$/gm)].map(
    ([, dir, why]) => `Left out: ${prefix}${dir}/ (${why})`,
  );

const isDirectory = (path: Buffer): boolean => {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
};
