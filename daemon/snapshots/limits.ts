import type { Failure } from '../../shared/result.ts';
import { formatSize } from '../../shared/units.ts';
import { type BytePath, readable } from './bytes.ts';

interface Sized {
  path: BytePath;
  size: number;
}

/** The failure of a project above the limit: names the folders that make it big. */
export function tooLarge(files: Sized[], bytes: number, maxBytes: number): Failure {
  return {
    code: 'too_large',
    message:
      `The project's files are ${formatSize(bytes)}, the limit of a snapshot is ${formatSize(maxBytes)}. ` +
      `The biggest: ${biggestFolders(files).map(named).join(', ')}.`,
    hint:
      'Keep data where it is and mount it (`mounts: ["/data/x:/data/x:ro"]` in the workflow), and name what is not needed in .dstackignore ' +
      '(same form as .gitignore).',
  };
}

/** Said of a project that is big, but within the limit. */
export function bigWarning(files: Sized[], bytes: number): string {
  const biggest = top(files, 5);
  return (
    `The snapshot holds ${formatSize(bytes)} in ${files.length} files. The biggest: ${biggest.map(named).join(', ')}. ` +
    'Name what the run does not need in .dstackignore, or use `mounts` for data.'
  );
}

/** Up to three places that hold most of it: each as deep as one folder (or file) still has nearly all of what is above it. */
function biggestFolders(files: Sized[]): Sized[] {
  const totals = new Map<BytePath, { size: number; inner: Set<BytePath> }>([['', { size: 0, inner: new Set() }]]);
  for (const { path, size } of files) {
    let above = '';
    for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
      const here = end < 0 ? path : `${path.slice(0, end)}/`;
      totals.get(above)?.inner.add(here);
      let total = totals.get(here);
      if (!total) totals.set(here, (total = { size: 0, inner: new Set() }));
      total.size += size;
      above = here;
      if (end < 0) break;
    }
  }
  const inside = (place: BytePath): Sized[] =>
    [...(totals.get(place)?.inner ?? [])].map((path) => ({ path, size: totals.get(path)?.size ?? 0 }));
  const deepest = (place: Sized): Sized => {
    const next = top(inside(place.path), 1)[0];
    return next && next.path.endsWith('/') && next.size >= place.size * 0.8 ? deepest(next) : place;
  };
  return top(inside(''), 3).map(deepest);
}

const top = (files: Sized[], count: number): Sized[] => files.toSorted((a, b) => b.size - a.size).slice(0, count);

const named = ({ path, size: bytes }: Sized): string => `${readable(path)} (${formatSize(bytes)})`;
