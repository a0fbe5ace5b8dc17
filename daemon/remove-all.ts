import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { messageOf } from '../shared/result.ts';

const run = promisify(execFile);

/** What `rm` says of them. */
const codes = {
  'Operation not permitted': 'EPERM',
  'Permission denied': 'EACCES',
  'Read-only file system': 'EROFS',
  'Device or resource busy': 'EBUSY',
};

/**
 * Deletes `path` and all below it; missing: nothing happens. As root by the system's `rm`, which holds on to the folders that it is in: Node's goes by names,
 * and somebody who still has a hand in such a folder could turn one into a link to where only root may delete. Throws what has a system error's code.
 */
export async function removeAll(path: string): Promise<void> {
  // children of a killed process may still be writing in it
  if (process.getuid?.() !== 0) return rm(path, { recursive: true, force: true, maxRetries: 3 });
  const once = () => run('rm', ['-rf', '--', path], { cwd: '/', maxBuffer: 16 << 20, env: { ...process.env, LC_ALL: 'C' } });
  await once()
    .catch(once)
    .catch((error: unknown) => {
      const said = messageOf(error);
      const code = Object.entries(codes).find(([words]) => said.includes(words))?.[1];
      throw Object.assign(new Error(said, { cause: error }), { code });
    });
}
