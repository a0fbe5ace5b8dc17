import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The command line of the daemon whose program is `main`, for whoever starts it. It lives for months and is idle for most of them: a small nursery of the garbage
 * collector, and a collection when it has become idle (daemon/release-memory.ts), save 30 MB.
 */
export const daemonCommand = (main: string): [string, ...string[]] => [process.execPath, '--max-semi-space-size=1', '--expose-gc', main];

/**
 * The path of the program `main` that stays when dstack is replaced by another version: Node gives the real one, and some package managers keep each version in a
 * folder of its own behind a link. `called`: the path by which this process's own program was called.
 */
export function lastingPath(main: string, called = process.argv[1] ?? ''): string {
  const beside = join(dirname(called), basename(main));
  return called !== '' && existsSync(beside) && realpathSync(beside) === realpathSync(main) ? beside : main;
}

/** Whether it lies in npm's cache of what `npx` ran, which may be emptied at any time. */
export const isPassing = (main: string): boolean => main.includes('/_npx/');
