import { type BytePath, splitZ } from './bytes.ts';
import { git } from './git.ts';
import type { Repository } from './repository.ts';

/** Finds the repository without git's check of its owner, and runs nothing that its configuration names. */
export const explicit = (repository: Repository): string[] => [
  `--git-dir=${repository.gitDir}`,
  `--work-tree=${repository.top}`,
  '-c',
  'core.fsmonitor=false',
];

/** The tracked files below a directory, and the submodules by themselves. */
export async function lsTracked(dir: string, repository: Repository): Promise<{ files: BytePath[]; links: BytePath[] }> {
  const rows = splitZ((await git([...explicit(repository), 'ls-files', '-z', '-s'], { cwd: dir })).out);
  const pathOf = (row: BytePath) => row.slice(row.indexOf('\t') + 1);
  const isLink = (row: BytePath) => row.startsWith('160000');
  return { files: rows.filter((row) => !isLink(row)).map(pathOf), links: rows.filter(isLink).map(pathOf) };
}

/** What is untracked and not ignored; `complaints` is what git could not open. */
export async function lsUntracked(dir: string, repository: Repository): Promise<{ untracked: BytePath[]; complaints: string }> {
  const { out, err } = await git([...explicit(repository), 'ls-files', '-z', '-o', '--exclude-standard'], { cwd: dir });
  return { untracked: splitZ(out), complaints: err };
}
