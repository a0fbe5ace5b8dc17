import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fail, messageOf, ok } from '../../shared/result.ts';
import type { Result } from '../../shared/result.ts';

export const keyBytes = 32;

/**
 * The key in `file`, base64 on one line. Rights that let others read it are taken away. Fails with `secrets_key` when it is missing, not ours, not a
 * plain file, or does not hold a key.
 */
export function readKey(file: string): Result<Buffer> {
  try {
    const stat = lstatSync(file);
    if (!stat.isFile())
      return fail('secrets_key', `The key of the secrets, ${file}, is not a plain file.`, 'Put the file with the key back in its place.');
    const me = process.getuid?.();
    if (me !== undefined && me !== 0 && stat.uid !== me) {
      return fail('secrets_key', `The key of the secrets, ${file}, belongs to another user (${stat.uid}).`, `As root: chown ${me} ${file}`);
    }
    if ((stat.mode & 0o077) !== 0 || (stat.mode & 0o400) === 0) chmodSync(file, 0o600);
    const text = readFileSync(file, 'utf8').trim();
    const key = Buffer.from(text, 'base64');
    if (key.length !== keyBytes) {
      return fail(
        'secrets_key',
        `The file ${file} does not hold a key of the secrets.`,
        'Put the right file back, or delete it and add the secrets anew.',
      );
    }
    return ok(key);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const what = missing ? 'is missing' : `cannot be read: ${messageOf(error)}`;
    return fail(
      'secrets_key',
      `The key of the secrets, ${file}, ${what}.`,
      'Put the file back; without it the secrets must be added anew.',
    );
  }
}

/** Makes a key unless there is one. The file appears complete or not at all; of several processes the first wins, and all then read its key. */
export function makeKey(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = openSync(temporary, 'wx', 0o600);
  try {
    try {
      writeSync(handle, `${randomBytes(keyBytes).toString('base64')}\n`);
      fsyncSync(handle);
      // file systems that have no modes would keep the key open to everybody
      if ((fstatSync(handle).mode & 0o077) !== 0) throw new Error(`the file system of ${file} cannot keep it from other users`);
    } finally {
      closeSync(handle);
    }
    // a link, not a rename: it never replaces the key that another process made meanwhile
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
