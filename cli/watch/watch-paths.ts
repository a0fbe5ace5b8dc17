import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { usageError } from '../usage.ts';

/**
 * The PATHs of `--watch` as the project has them: patterns of .gitignore. On the command line they are seen from where it is typed, as a shell completes them; one of
 * a file that is there, or without wildcards, is that very path. Empty: what the workflow file says, else all of the project. One that is not below the project is a mistake of usage; one that is not
 * there (yet) is named in `missing`.
 */
export function watchPaths(words: readonly string[], cwd: string, project: string): { paths: string[]; missing: string[] } {
  const paths: string[] = [];
  const missing: string[] = [];
  for (const word of words) {
    if (word === '') continue;
    const path = relative(project, resolve(cwd, word));
    if (path === '') return { paths: ['.'], missing: [] };
    if (path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path))
      throw usageError(`--watch ${word}: this is not below the project ${project}.`, 'Only files of the project are watched.');
    const exists = existsSync(resolve(cwd, word));
    const isPattern = !exists && /[*?[]/.test(word);
    if (!exists && !isPattern) missing.push(word);
    paths.push(isPattern ? path : `/${path.replace(/[\\*?[]/g, '\\$&')}`);
  }
  return { paths, missing };
}
