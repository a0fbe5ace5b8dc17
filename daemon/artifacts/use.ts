import { readdir } from 'node:fs/promises';
import { walk } from './walk.ts';

/** Bytes that a folder really takes on the disk: allocated blocks, directories included, files with several names once. */
export async function allocated(root: string): Promise<number> {
  let bytes = 0;
  const seen = new Set<string>();
  for await (const { stat } of walk(root)) {
    if (stat.nlink > 1 && !stat.isDirectory()) {
      const id = `${stat.dev}:${stat.ino}`;
      if (seen.has(id)) continue;
      seen.add(id);
    }
    bytes += stat.blocks * 512;
  }
  return bytes;
}

/** The runs that have folders below `dir`. */
export async function runsIn(dir: string): Promise<number[]> {
  const names = await readdir(dir).catch(() => []);
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}
