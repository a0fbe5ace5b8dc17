import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

/** The id that Git gives an object of this content. */
export function objectId(type: 'blob' | 'tree', content: Buffer): string {
  return createHash('sha1').update(header(type, content)).update(content).digest('hex');
}

/**
 * Writes a loose object as Git does (temporary file, then rename) and returns its id. For the few and small objects of an edit, where a git process
 * would cost more than its work.
 */
export function writeObject(objectsDir: string, type: 'blob' | 'tree', content: Buffer): string {
  const id = objectId(type, content);
  const folder = join(objectsDir, id.slice(0, 2));
  const file = join(folder, id.slice(2));
  if (freshen(file)) return id;
  const part = join(folder, `tmp_obj_${randomBytes(6).toString('hex')}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(part, deflateSync(Buffer.concat([header(type, content), content]), { level: 1 }), { mode: 0o444 });
  renameSync(part, file);
  return id;
}

const header = (type: 'blob' | 'tree', content: Buffer): Buffer => Buffer.from(`${type} ${content.length}\0`);

/** As Git does: an object that is needed again looks new to a pruning that spares the young. */
function freshen(file: string): boolean {
  try {
    const now = new Date();
    utimesSync(file, now, now);
    return true;
  } catch {
    return false;
  }
}
