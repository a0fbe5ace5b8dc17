import { lstatSync, readlinkSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** More links than this in one path are a circle. */
const mostLinks = 40;

/**
 * Where a path below `root` really is, every link on the way looked at here and none followed by the kernel: a tree may hold links to anywhere, and what
 * lies there may change between a look and a use. Null: it is not there, or the way leads out of `root`. `root` must not change meanwhile.
 */
export function resolveInside(root: string, path: string): string | null {
  const todo = path.split('/').toReversed();
  const way: string[] = [];
  for (let links = 0; todo.length > 0;) {
    const name = todo.pop() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (way.length === 0) return null;
      way.pop();
      continue;
    }
    const here = join(root, ...way, name);
    const stat = lstatSync(here, { throwIfNoEntry: false });
    if (!stat) return null;
    if (!stat.isSymbolicLink()) {
      way.push(name);
      continue;
    }
    const target = readlinkSync(here);
    if (isAbsolute(target) || ++links > mostLinks) return null;
    todo.push(...target.split('/').toReversed());
  }
  return join(root, ...way);
}
