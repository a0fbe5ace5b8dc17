import type { BytePath } from '../../snapshots/bytes.ts';
import type { Refresh } from './plan-refresh.ts';

/** Where the workspace is, the files that the container began with, and those that are new, in the container. */
export interface Places {
  workspace: string;
  lower: string;
  fresh: string;
}

/** Any bytes but NUL as one word of sh. */
const quote = (bytes: BytePath): string => `'${bytes.replaceAll("'", `'\\''`)}'`;
/** So many words go to one command: each may be as long as a path. */
const mostWords = 100;

/**
 * What carries the plan out, as bytes of a script for sh; null: there is nothing to do. It needs `rm`, `mkdir` and `cp` of the image, and ends with an error where one of them does. New
 * folders are open to everybody, as those of a snapshot are.
 */
export function refreshScript({ missing, remove, copy }: Refresh, { workspace, lower, fresh }: Places): Buffer | null {
  if (missing.length + remove.length + copy.size === 0) return null;
  const lines = ['set -e', 'umask 0'];
  for (const path of missing) {
    const [at, folder] = [quote(`${workspace}/${path}`), quote(`${workspace}/${parentOf(path)}`)];
    lines.push(`[ -e ${at} ] || [ -L ${at} ] || cp -a -- ${quote(`${lower}/${path}`)} ${folder}`);
  }
  for (const paths of chunks(remove)) lines.push(`rm -rf -- ${paths.map((path) => quote(`${workspace}/${path}`)).join(' ')}`);
  const folders = Map.groupBy(copy, ([path]) => parentOf(path));
  const made = [...folders.keys()].filter((folder) => folder !== '');
  for (const paths of chunks(made)) lines.push(`mkdir -p -- ${paths.map((path) => quote(`${workspace}/${path}`)).join(' ')}`);
  for (const [folder, files] of folders)
    for (const some of chunks(files)) {
      const sources = some.map(([path, from]) => quote(`${from === 'lower' ? lower : fresh}/${path}`));
      lines.push(`cp -a -- ${sources.join(' ')} ${quote(`${workspace}/${folder}`)}`);
    }
  return Buffer.from(`${lines.join('\n')}\n`, 'latin1');
}

const parentOf = (path: BytePath): BytePath => path.slice(0, Math.max(0, path.lastIndexOf('/')));

function chunks<T>(all: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < all.length; i += mostWords) parts.push(all.slice(i, i + mostWords));
  return parts;
}
