import { dirname, relative } from 'node:path';
import { type BytePath, bytePath } from './bytes.ts';
import { excludedPaths, readDstackIgnore, reincluded } from './dstackignore.ts';
import { type Listing, type Place, listProject, listReincluded } from './listing.ts';
import type { Room, SnapshotOptions } from './room.ts';

/** The paths that belong in the snapshot: what Git would say, corrected by `.dstackignore`, never anything of ours. */
export async function listWanted(room: Room, place: Place, options: SnapshotOptions): Promise<Listing & { paths: Set<BytePath> }> {
  room.ignore = readDstackIgnore(place.projectDir, room.ignore);
  const { ignore } = room;
  const back = ignore ? reincluded(place.shadow, place.projectDir, ignore) : Promise.resolve([]);
  const [listing, files] = await Promise.all([listProject(place), back]);
  const parts = ignore ? [...listing.parts, ...(await listReincluded(place, files))] : listing.parts;

  const before = room.wanted;
  if (before && before.ignore === ignore && before.parts.length === parts.length && parts.every((part, i) => part === before.parts[i])) {
    return { ...listing, paths: before.paths };
  }
  let paths = new Set<BytePath>(parts.flat());
  for (const prefix of ownPlaces(place.projectDir, options)) for (const path of paths) if (path.startsWith(prefix)) paths.delete(path);
  if (ignore) paths = paths.difference(await excludedPaths(place.shadow, place.projectDir, ignore, paths));
  room.wanted = { parts, ignore, paths };
  return { ...listing, paths };
}

/** Where our own files lie inside the project (`DSTACK_HOME=./.dstack-home`, or a project that is the home directory). */
export function ownPlaces(projectDir: string, options: SnapshotOptions): BytePath[] {
  const all = [dirname(options.dir), options.dir, options.treesDir, options.workspacesDir];
  const below = all.map((dir) => relative(projectDir, dir)).filter((path) => path !== '' && !path.startsWith('..'));
  return below.map((path) => bytePath(`${path}/`));
}
