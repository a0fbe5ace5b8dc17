import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { testDirVariable } from './reap.ts';

const node = join(import.meta.dirname, '../../node_modules/.bin/node');

/**
 * Makes the folder of a whole test run (short, since the paths of Unix sockets end at 108 bytes) and starts its guard. `close` ends everything
 * that belongs to it and deletes it; when this process dies, the guard does so by itself.
 */
export function openScratch(): { dir: string; close: () => Promise<void> } {
  const dir = mkdtempSync('/tmp/dsl-');
  chmodSync(dir, 0o755); // engines and users other than this one pass through it
  const { [testDirVariable]: _, ...env } = process.env;
  const guard = spawn(node, [join(import.meta.dirname, 'guard.ts'), dir], { stdio: ['pipe', 'ignore', 'inherit'], detached: true, env });
  const ended = once(guard, 'exit');
  guard.unref();
  process.env[testDirVariable] = dir;
  return {
    dir,
    close: async () => {
      guard.ref();
      guard.stdin.end();
      const [code] = (await ended) as [number | null];
      if (code !== 0) throw new Error(`the guard of ${dir} ended with ${code}; see above for what it could not clean up`);
    },
  };
}

/** A new empty folder for one test, deleted with the run at the latest. */
export function scratchDir(prefix = 't'): string {
  const run = process.env[testDirVariable];
  if (run === undefined) throw new Error('there is no test run: the vitest configuration names test/support/global-setup.ts');
  return mkdtempSync(join(run, prefix));
}
