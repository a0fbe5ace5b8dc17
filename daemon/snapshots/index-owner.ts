import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../../shared/is-alive.ts';

/** A name for this process's index. */
export const indexName = (): string => `index-${process.pid}-${startOf(process.pid)}-${randomBytes(4).toString('hex')}`;

/** Deletes the indexes of processes that are gone. */
export function dropDeadIndexes(dir: string): void {
  for (const name of readdirSync(dir)) if (ownerOf(name) === 'gone') rmSync(join(dir, name), { force: true });
}

/** Whether another living process has an index here: then what looks like garbage may be what it is just writing. */
export const othersHere = (shadowDir: string): boolean => readdirSync(shadowDir).some((name) => ownerOf(name) === 'other');

/** Whose index a file is; an earlier user of this same process counts as gone. */
function ownerOf(name: string): 'other' | 'gone' | null {
  const [, pid, start] = /^index-(\d+)-(\d+)-/.exec(name) ?? [];
  if (!pid) return null;
  return Number(pid) !== process.pid && startOf(Number(pid)) === start ? 'other' : 'gone';
}

/** When a living process began, in the kernel's clock ticks ('0' where there is no /proc): a process id alone is given again after a while. */
function startOf(pid: number): string | null {
  if (!isAlive(pid)) return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
  } catch {
    return '0';
  }
}
