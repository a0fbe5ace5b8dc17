import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';
import { keptTrees } from './shadow.ts';
import { namesIn } from './parts.ts';

export interface Use {
  bytes: number;
  items: number;
}

/**
 * Bytes that each path takes on disk, in order; what is hard-linked counts where it comes first. Parts that are closed to us count nothing.
 */
export async function diskUse(paths: string[]): Promise<number[]> {
  const there = paths.filter((path) => existsSync(path));
  if (there.length === 0) return paths.map(() => 0);
  const { out } = await run('du', ['-s', '-0', '--block-size=1', '--files0-from=-'], {
    input: Buffer.from(there.map((path) => `${path}\0`).join('')),
  });
  const sizes = new Map<string, number>();
  for (const line of out.toString('utf8').split('\0')) {
    const tab = line.indexOf('\t');
    if (tab > 0) sizes.set(line.slice(tab + 1), Number(line.slice(0, tab)));
  }
  return paths.map((path) => sizes.get(path) ?? 0);
}

export const shadowDirs = (dir: string): string[] => namesIn(dir).whole.map((name) => join(dir, name));

/** Everything of ours by kind; for `objects` the items are snapshots, for `trees` directories. */
export async function useOf(options: { dir: string; treesDir: string; workspacesDir: string }) {
  const [objects = 0, trees = 0, workspaces = 0] = await diskUse([options.dir, options.treesDir, options.workspacesDir]);
  const snapshots = shadowDirs(options.dir).reduce((sum, dir) => sum + keptTrees(dir).length, 0);
  return {
    trees: { bytes: trees, items: namesIn(options.treesDir).whole.length },
    objects: { bytes: objects, items: snapshots },
    workspaces: { bytes: workspaces, items: namesIn(options.workspacesDir).whole.length },
  };
}
