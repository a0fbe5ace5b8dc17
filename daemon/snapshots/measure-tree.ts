import { spawn } from 'node:child_process';
import { cleanEnv } from './git.ts';

/** A project of more is a mistake, or an attack: a small tree whose folders are all one folder stands for any number of files. */
const mostFiles = 1_000_000;
/** No path is longer on a disk; git prints whatever a tree says (bytes). */
const longestPath = 4096;

/** Files and their bytes in a tree; null: more than `maxBytes`, or too many files. It stops looking as soon as that is known. Rejects for a path that no disk could have. */
export function measureTree(
  { cwd, env }: { cwd: string; env: Record<string, string> },
  tree: string,
  maxBytes: number,
): Promise<{ files: number; bytes: number } | null> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['ls-tree', '-r', '-l', '-z', tree], {
      cwd,
      env: { ...cleanEnv(), ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let files = 0;
    let bytes = 0;
    let rest = '';
    let tooLong = false;
    const tooMuch = (): boolean => bytes > maxBytes || files > mostFiles;
    child.stdout.on('data', (chunk: Buffer) => {
      if (tooMuch() || tooLong) return;
      const rows = (rest + chunk.toString('latin1')).split('\0');
      rest = rows.pop() ?? '';
      for (const row of rows) {
        files++;
        bytes += Number(/^\d+ \w+ [0-9a-f]+ +(\d+)\t/.exec(row)?.[1] ?? 0);
      }
      tooLong = rest.length > longestPath + 100 || rows.some((row) => row.length > longestPath + 100);
      if (tooMuch() || tooLong) child.kill('SIGKILL');
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (tooMuch()) resolve(null);
      else if (tooLong) reject(new Error('a path in them is too long'));
      else if (code === 0) resolve({ files, bytes });
      else reject(new Error(`git ls-tree ended with ${code}`));
    });
  });
}
