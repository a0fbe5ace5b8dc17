import { type BytePath, bytePath, splitZ } from './bytes.ts';
import { tryGit } from './git.ts';
import type { Repository } from './repository.ts';

/** What `git status` says of the user's repository, below the project's directory. Paths are below the project. */
export interface UserStatus {
  commit: string | null;
  branch: string | null;
  dirty: boolean;
  untracked: BytePath[];
  /** what git had to say besides */
  complaints: string;
}

const options = [
  '--porcelain=v2',
  '-z',
  '--branch',
  '--untracked-files=all',
  '--ignore-submodules=none',
  '--no-renames',
  '--no-ahead-behind',
];

/**
 * Asks the user's git, under the user's configuration; nothing is written (GIT_OPTIONAL_LOCKS=0). As text: why git would not (a repository that
 * belongs to somebody else, a filter that is not installed). The repository is found by git itself, so that its check of the owner counts: a foreign
 * configuration may name programs to run.
 */
export async function userStatus(projectDir: string, repository: Repository): Promise<UserStatus | string> {
  const paths = repository.prefix === '' ? [] : ['--', '.'];
  const args = [`--work-tree=${repository.top}`, '-c', 'core.fsmonitor=false', 'status', ...options, ...paths];
  const { code, out, err } = await tryGit(args, { cwd: projectDir });
  if (code !== 0) return err.trim().split('\n')[0] || `exit code ${code}`;
  return { ...parse(splitZ(out), bytePath(repository.prefix)), complaints: err };
}

function parse(records: BytePath[], prefix: BytePath): Omit<UserStatus, 'complaints'> {
  const status: Omit<UserStatus, 'complaints'> = { commit: null, branch: null, dirty: false, untracked: [] };
  for (const record of records) {
    if (record.startsWith('# branch.oid ')) status.commit = record.endsWith('(initial)') ? null : record.slice(13);
    else if (record.startsWith('# branch.head ')) status.branch = record.endsWith('(detached)') ? null : decode(record.slice(14));
    else if (!record.startsWith('# ')) status.dirty = true;
    if (record.startsWith(`? ${prefix}`)) status.untracked.push(record.slice(2 + prefix.length));
  }
  return status;
}

const decode = (text: BytePath): string => Buffer.from(text, 'latin1').toString('utf8');
