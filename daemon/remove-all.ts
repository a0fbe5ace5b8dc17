import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Deletes `path` and all below it; missing: nothing happens. As root by the system's `rm`, which holds on to the folders that it is in: Node's goes by names,
 * and somebody who still has a hand in such a folder could turn one into a link to where only root may delete.
 */
export async function removeAll(path: string): Promise<void> {
  // children of a killed process may still be writing in it
  if (process.getuid?.() !== 0) return rm(path, { recursive: true, force: true, maxRetries: 3 });
  const once = () => run('rm', ['-rf', '--', path], { cwd: '/', maxBuffer: 16 << 20 });
  await once().catch(once);
}
