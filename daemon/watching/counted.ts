import { realpathSync } from 'node:fs';
import { relative } from 'node:path';
import type { WatchRef } from '../../shared/workflow/model.ts';
import type { RunSpec } from '../providers/job-spec.ts';
import { type BytePath, bytePath } from '../snapshots/bytes.ts';
import type { Place } from '../snapshots/room.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import { isEditors } from './editors.ts';

/** Those of the changed files that begin another attempt. */
export async function counted(
  snapshots: Pick<Snapshots, 'matching'>,
  place: Place,
  { paths, ignore }: WatchRef,
  written: readonly BytePath[],
  changed: readonly BytePath[],
): Promise<BytePath[]> {
  const own = changed.filter((path) => !isEditors(path) && !written.some((folder) => path === folder || path.startsWith(`${folder}/`)));
  const [named, left] = await Promise.all([
    paths.length === 0 ? null : snapshots.matching(place, paths, own),
    ignore.length === 0 ? null : snapshots.matching(place, ignore, own),
  ]);
  return own.filter((path) => (named === null || named.has(path)) && !left?.has(path));
}

/** Folders of the project that the run itself may write into: they are mounted into its containers. */
export function writtenByRun(projectDir: string, spec: Pick<RunSpec, 'jobs'>): BytePath[] {
  const real = realOr(projectDir);
  return spec.jobs.flatMap(({ mounts }) =>
    mounts.flatMap((mount) => {
      const way = mount.readOnly ? '..' : relative(real, realOr(mount.source));
      return way === '' || way.startsWith('..') || way.startsWith('/') ? [] : [bytePath(way)];
    }),
  );
}

function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
