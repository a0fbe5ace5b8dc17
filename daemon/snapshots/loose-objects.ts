import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { type BytePath, fromBytes } from './bytes.ts';

/** The content of an object that lies in a file of its own, as those of an edit do; null: it lies elsewhere, or is of another kind. */
export function readLoose(objectsDir: string, kind: 'blob' | 'tree', id: string): Buffer | null {
  try {
    const whole = inflateSync(readFileSync(join(objectsDir, id.slice(0, 2), id.slice(2))));
    const end = whole.indexOf(0);
    // `KIND SIZE` NUL content (gitformat-loose, "loose object format")
    return whole.toString('latin1', 0, end) === `${kind} ${whole.length - end - 1}` ? whole.subarray(end + 1) : null;
  } catch {
    return null;
  }
}

export interface Entry {
  mode: string;
  id: string;
}

/** A tree's entries by name; null: its object lies elsewhere. */
export function readTree(objectsDir: string, id: string): Map<BytePath, Entry> | null {
  const content = readLoose(objectsDir, 'tree', id);
  if (!content) return null;
  const entries = new Map<BytePath, Entry>();
  for (let at = 0; at < content.length;) {
    // `MODE NAME` NUL, then the 20 bytes of the id
    const end = content.indexOf(0, at);
    const [mode = '', ...name] = fromBytes(content.subarray(at, end)).split(' ');
    entries.set(name.join(' '), { mode, id: content.toString('hex', end + 1, end + 21) });
    at = end + 21;
  }
  return entries;
}
