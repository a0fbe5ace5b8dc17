import { type BytePath, splitZ } from './bytes.ts';
import { git } from './git.ts';
import { type Place, type Room, shadowOf } from './room.ts';
import { shadowEnv } from './shadow.ts';

/** Paths of the files in which two trees differ. Throws where one of them is not here. */
export async function changedPaths(room: Room, place: Place, from: string, to: string): Promise<BytePath[]> {
  if (from === to) return [];
  const shadow = shadowOf(room, place);
  const { out } = await git(['diff-tree', '-r', '-z', '--no-renames', '--name-only', from, to], {
    cwd: shadow.dir,
    env: shadowEnv(shadow, shadow.dir),
  });
  return splitZ(out);
}
