import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BytePath, joinZ, splitZ } from './bytes.ts';
import { tryGit } from './git.ts';
import { type Shadow, shadowEnv } from './shadow.ts';

/**
 * Those of the paths that patterns of .gitignore speak of: they, or a folder that they are in. Git judges, in an empty directory where no other rule counts. A path
 * that ends in a slash is a folder's.
 */
export async function matching(
  shadow: Shadow,
  patterns: readonly string[] | { file: string },
  paths: Iterable<BytePath>,
): Promise<Set<BytePath>> {
  const all = [...paths];
  if (all.length === 0) return new Set();
  const file = 'file' in patterns ? patterns.file : join(shadow.dir, `tmp-${randomBytes(6).toString('hex')}`);
  try {
    if (!('file' in patterns)) writeFileSync(file, `${patterns.join('\n')}\n`);
    const empty = join(shadow.dir, 'empty');
    const { code, out, err } = await tryGit(['-c', `core.excludesFile=${file}`, 'check-ignore', '--no-index', '-z', '--stdin'], {
      cwd: empty,
      env: shadowEnv(shadow, empty, join(shadow.dir, 'no-index')),
      input: joinZ(all),
    });
    // 1: none of them
    if (code !== 0 && code !== 1) throw new Error(`git check-ignore: ${err}`);
    return new Set(splitZ(out));
  } finally {
    if (!('file' in patterns)) rmSync(file, { force: true });
  }
}
