import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { type BytePath, fromBytes } from './bytes.ts';

/** Longer than the words before an object's content (bytes). */
const header = 32;
/** What a buffer can hold at all, and some more than a tree needs (bytes). */
const mostAtAll = 2 ** 30;

/** The content of an object that lies in a file of its own, as those of an edit do; null: it lies elsewhere, is of another kind, or has more than `most` bytes. */
export function readLoose(objectsDir: string, kind: 'blob' | 'tree', id: string, most = mostAtAll): Buffer | null {
  try {
    const path = join(objectsDir, id.slice(0, 2), id.slice(2));
    // what cannot be made smaller is not even read
    if (statSync(path).size > most + most / 100 + 1024) return null;
    const whole = inflateSync(readFileSync(path), { maxOutputLength: Math.max(0, Math.min(most, mostAtAll)) + header });
    const end = whole.indexOf(0);
    // `KIND SIZE` NUL content (gitformat-loose, "loose object format")
    const bytes = whole.length - end - 1;
    return whole.toString('latin1', 0, end) === `${kind} ${bytes}` && bytes <= most ? whole.subarray(end + 1) : null;
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
