import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Result, fail, messageOf, ok } from '../../shared/result.ts';
import { mustRun } from './run.ts';
import type { Workspace } from './snapshots.ts';
import { namesIn, partName } from './parts.ts';

/**
 * Makes a job attempt's writable copy of a materialised tree. Whatever user the image has may write in it; `workspacesDir` is closed to other users of
 * the machine.
 */
export async function makeWorkspace(
  workspacesDir: string,
  lower: string,
  tree: string,
  id: string,
  overlay: boolean,
): Promise<Result<Workspace>> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(id)) return fail('workspace', `\`${id}\` cannot name a workspace.`, null);
  const dir = join(workspacesDir, id);
  try {
    mkdirSync(workspacesDir, { recursive: true, mode: 0o700 });
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeFileSync(join(dir, 'tree'), tree);
    return ok({ id, mount: overlay ? makeOverlay(dir, lower) : await makeCopy(dir, lower) });
  } catch (error) {
    return fail('workspace', `Cannot make the workspace: ${messageOf(error)}`, 'Look with: dstack doctor');
  }
}

function makeOverlay(dir: string, lower: string): Workspace['mount'] {
  const upper = join(dir, 'upper');
  const work = join(dir, 'work');
  for (const folder of [upper, work]) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
  }
  return { type: 'overlay', lower, upper, work };
}

async function makeCopy(dir: string, lower: string): Promise<Workspace['mount']> {
  const source = join(dir, 'files');
  if (!existsSync(source)) {
    const part = join(dir, partName());
    try {
      // the tree is open to everybody, so is its copy
      await mustRun('cp', ['-a', '--reflink=auto', lower, part]);
      renameSync(part, source);
    } catch (error) {
      // another call for the same attempt was first
      if (!existsSync(source)) throw error;
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  }
  return { type: 'bind', source, readOnly: false };
}

export const workspaceIds = (workspacesDir: string): string[] => namesIn(workspacesDir).whole;

/** The trees that workspaces on disk are built on. */
export function treesInUse(workspacesDir: string): string[] {
  return workspaceIds(workspacesDir).flatMap((id) => {
    try {
      return [readFileSync(join(workspacesDir, id, 'tree'), 'utf8')];
    } catch {
      return [];
    }
  });
}
