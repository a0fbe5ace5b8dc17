import { join } from 'node:path';
import { scratchDir } from '../support/scratch.ts';
import { timed } from './measure.ts';

const root = join(import.meta.dirname, '../..');
const node = join(root, 'node_modules/.bin/node');

/** Runs one command of the command line to its end; answers how long it took (ms). */
export type Dstack = (args: string[], options: { cwd?: string; env: NodeJS.ProcessEnv }) => number;

/** Builds the published form; answers its program. */
export function buildPublished(): [string, ...string[]] {
  timed(node, [join(root, 'scripts/build.ts')], { cwd: root });
  return [node, join(root, 'dist/dstack.cjs')];
}

/** The published form, built now: what users have, but for npm's link to it. Its compile cache is of its own, and empty. */
export function published(): Dstack {
  const [program, ...words] = buildPublished();
  const cache = scratchDir('b');
  return (args, { env, ...rest }) => timed(program, [...words, ...args], { ...rest, env: { ...env, XDG_CACHE_HOME: cache } });
}

/** The checkout's own form. */
export const checkout: Dstack = (args, options) => timed(join(root, 'scripts/dstack'), args, options);

/** Node's own start and end, which every command has in it (ms). */
export const nodeAlone = (): number => timed(node, ['-e', '0']);
