import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BytePath, splitZ } from './bytes.ts';
import { git } from './git.ts';
import { matching } from './matching.ts';
import { type Shadow, shadowEnv } from './shadow.ts';

/** The project's `.dstackignore` and what it was found to say; a path's fate depends on nothing else, so it is asked once. */
export interface DstackIgnore {
  text: string;
  fate: Map<BytePath, 'in' | 'out'>;
}

/** null: the project has none. `before` is taken on as long as the file says the same. */
export function readDstackIgnore(projectDir: string, before: DstackIgnore | null): DstackIgnore | null {
  const text = readIfThere(join(projectDir, '.dstackignore'));
  if (text === null) return null;
  return before?.text === text ? before : { text, fate: new Map() };
}

/**
 * The paths that its patterns exclude (tracked files too). Git judges, in an empty directory where no other rule counts.
 */
export async function excludedPaths(
  shadow: Shadow,
  projectDir: string,
  ignore: DstackIgnore,
  paths: Iterable<BytePath>,
): Promise<Set<BytePath>> {
  const all = [...paths];
  const unknown = all.filter((path) => !ignore.fate.has(path));
  if (unknown.length > 0) {
    const out = await matching(shadow, { file: join(projectDir, '.dstackignore') }, unknown);
    for (const path of unknown) ignore.fate.set(path, 'in');
    for (const path of out) ignore.fate.set(path, 'out');
  }
  return new Set(all.filter((path) => ignore.fate.get(path) === 'out'));
}

/** What is on disk under the `!patterns`: files that other rules ignore come back (also below an ignored directory). Nested repositories end in a slash. */
export async function reincluded(shadow: Shadow, projectDir: string, ignore: DstackIgnore): Promise<BytePath[]> {
  const specs = ignore.text.split('\n').flatMap(pathspecsOf);
  if (specs.length === 0) return [];
  const env = shadowEnv(shadow, projectDir, join(shadow.dir, 'no-index'));
  return splitZ((await git(['ls-files', '-z', '-o', '--', ...specs], { cwd: projectDir, env })).out);
}

/** A `!pattern` as pathspecs of what it matches and of all below that. */
function pathspecsOf(line: string): string[] {
  const pattern = line.replace(/\r$/, '').replace(/(?<!\\) +$/, '');
  if (!pattern.startsWith('!')) return [];
  const bare = pattern.slice(1).replace(/^\//, '').replace(/\/$/, '');
  if (bare === '') return [];
  const anchored = pattern.slice(1).replace(/\/$/, '').includes('/');
  const path = anchored ? bare : `**/${bare}`;
  const below = `:(glob)${path}/**`;
  return pattern.endsWith('/') ? [below] : [`:(glob)${path}`, below];
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
