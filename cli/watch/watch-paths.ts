import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { usageError } from '../usage.ts';

/**
 * The PATHs of `--watch` as the project has them, relative to it; on the command line they are seen from where it is typed, as a shell completes them. Empty: all
 * of the project. A path that is not below the project is a mistake of usage; one that is not there (yet) is named in `missing`.
 */
export function watchPaths(words: readonly string[], cwd: string, project: string): { paths: string[]; missing: string[] } {
  const paths: string[] = [];
  const missing: string[] = [];
  for (const word of words) {
    if (word === '') continue;
    const path = relative(project, resolve(cwd, word));
    if (path === '') return { paths: [], missing: [] };
    if (path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path))
      throw usageError(`--watch ${word}: this is not below the project ${project}.`, 'Only files of the project are watched.');
    // a pattern is no name
    if (!/[*?[]/.test(word) && !existsSync(resolve(cwd, word))) missing.push(word);
    paths.push(path);
  }
  return { paths, missing };
}
