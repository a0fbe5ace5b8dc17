import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** The user's repository around a directory. All paths absolute. */
export interface Repository {
  top: string;
  gitDir: string;
  /** the directory below `top`: '' or `a/b/` */
  prefix: string;
}

/** Finds it as Git does, without starting a process. `onlyHere`: do not look above `dir`. A `.git` file that points nowhere counts as none. */
export function findRepository(dir: string, onlyHere = false): Repository | null {
  for (let top = dir; ; top = dirname(top)) {
    const gitDir = gitDirOf(join(top, '.git'));
    const below = relative(top, dir);
    if (gitDir) return { top, gitDir, prefix: below === '' ? '' : `${below}/` };
    if (onlyHere || dirname(top) === top) return null;
  }
}

function gitDirOf(dotGit: string): string | null {
  const stat = statSync(dotGit, { throwIfNoEntry: false });
  if (!stat) return null;
  if (stat.isDirectory()) return isGitDir(dotGit);
  // a submodule or worktree: a file that says where the repository is
  const pointer = stat.isFile() ? /^gitdir: (.+?)\s*$/m.exec(readFileSync(dotGit, 'utf8'))?.[1] : undefined;
  return pointer ? isGitDir(resolve(dirname(dotGit), pointer)) : null;
}

const isGitDir = (dir: string): string | null =>
  lstatSync(join(dir, 'HEAD'), { throwIfNoEntry: false }) && (existsSync(join(dir, 'objects')) || existsSync(join(dir, 'commondir')))
    ? dir
    : null;

/** Changes whenever the list of tracked files may have changed. */
export function userIndexStamp(repository: Repository): string {
  const stat = statSync(join(repository.gitDir, 'index'), { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}` : 'none';
}
