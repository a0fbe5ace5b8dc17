import { type Stats, lstatSync } from 'node:fs';
import { type BytePath, toBytes } from '../snapshots/bytes.ts';

/** What stands at an absolute path; undefined: nothing, or nothing that one may see (any more). */
export function lookAt(path: BytePath): Stats | undefined {
  try {
    return lstatSync(toBytes(path), { throwIfNoEntry: false });
  } catch {
    // below something that is no folder any more
    return undefined;
  }
}
