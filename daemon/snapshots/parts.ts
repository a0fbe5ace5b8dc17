import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { removeAll } from '../remove-all.ts';

/** A new name for what is being made or unmade beside its place; those that a killed process leaves are cleared by gc. */
export const partName = (): string => `.part-${process.pid}-${randomBytes(6).toString('hex')}`;

/** Takes a directory away under its name at once, then deletes it: a killed process leaves nothing that looks whole. */
export async function removeWhole(dir: string, name: string, deleteAsRoot: (path: string) => Promise<void>): Promise<void> {
  const part = name.startsWith('.part-') ? name : partName();
  if (part !== name) {
    try {
      renameSync(join(dir, name), join(dir, part));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
  }
  try {
    await removeAll(join(dir, part));
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await deleteAsRoot(join(dir, part));
  }
}

/** What lies in a directory under names that say what it is, and what is left half made. */
export function namesIn(dir: string): { whole: string[]; parts: string[] } {
  const names = existsSync(dir) ? readdirSync(dir) : [];
  return { whole: names.filter((name) => !name.startsWith('.')), parts: names.filter((name) => name.startsWith('.part-')) };
}
