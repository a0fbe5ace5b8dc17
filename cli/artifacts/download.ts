/**
 * Unpacks the daemon's tar of artifacts. What a job wrote is not to be trusted: nothing may land outside of the folder that was named, by whatever
 * name or link, and nothing is written through a symbolic link, be it from the archive or there before.
 */
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, posix, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type { Headers as TarHeaders } from 'tar-fs';
import { makeFolder } from '../../shared/make-folder.ts';
import { fail, messageOf, ok, type Result } from '../../shared/result.ts';
import { wholeFiles } from './whole-files.ts';

/** The types of tar-fs leave out what links have. */
type Headers = TarHeaders & { linkname?: string | null };

export interface Unpacked {
  files: number;
  bytes: number;
  /** what was left out, a sentence each */
  refused: string[];
}

/**
 * Unpacks `tar` below `dir`, which is made if need be. Files that are there are replaced, each when its successor is whole. Fails with `download_broken` where it breaks off, by
 * `signal` too: nothing half written stays.
 */
export async function unpack(
  tar: Readable,
  dir: string,
  onProgress: (so: Readonly<Unpacked>) => void = () => {},
  signal?: AbortSignal,
): Promise<Result<Unpacked>> {
  const { extract } = await import('tar-fs');
  if (statSync(dir, { throwIfNoEntry: false })?.isFile())
    return fail('not_a_folder', `${dir} is a file.`, 'Name a folder, or one that is not there yet.');
  const result: Unpacked = { files: 0, bytes: 0, refused: [] };
  const whole = wholeFiles();
  try {
    makeFolder(dir);
    const root = realpathSync(dir);
    const judge = (header: Headers): boolean => {
      const why = refusal(root, header);
      if (why !== null) result.refused.push(`${header.name} was left out: ${why}.`);
      else if (header.type === 'file') {
        result.files++;
        result.bytes += header.size;
        onProgress(result);
      }
      return why !== null;
    };
    // the files become the user's, even when root unpacks; they can read and delete them, whatever the job made of the modes
    const options = {
      fs: whole.fs,
      chown: false,
      dmode: 0o700,
      fmode: 0o600,
      ignore: (_: string, header?: Headers) => header !== undefined && judge(header),
    };
    await pipeline(tar, extract(root, options), { signal });
    return ok(result);
  } catch (error) {
    if (await whole.drop()) result.files--;
    const how = signal?.aborted ? 'was broken off' : 'broke off';
    const why = signal?.aborted ? `; what is in ${dir} is whole` : `: ${messageOf(error)}`;
    return fail(
      'download_broken',
      `The download ${how} after ${result.files} ${result.files === 1 ? 'file' : 'files'}${why}.`,
      'Run it again: files that are there are replaced.',
    );
  }
}

/** Why an entry may not be unpacked; null: it may. */
function refusal(root: string, header: Headers): string | null {
  const parts = header.name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return 'its path leads out of the folder';
  const through = symlinkOnTheWay(root, header.type === 'directory' ? parts : parts.slice(0, -1));
  if (through !== null) return `${through} is a symbolic link`;
  const there = lstatSync(join(root, ...parts), { throwIfNoEntry: false });
  if (there && header.type !== 'directory' && !(there.isFile() || there.isSymbolicLink())) return 'something else of that name is there';
  if (there && header.type === 'directory' && !there.isDirectory()) return 'a file of that name is there';
  switch (header.type) {
    case 'file':
    case 'directory':
      return null;
    case 'symlink':
      return linkRefusal(root, parts, header.linkname ?? '');
    case 'link':
      return 'it is a hard link';
    default:
      return `it is neither a file, a folder nor a symbolic link (${header.type})`;
  }
}

/** A symbolic link may lead to what lies below the root, and not by way of another link (which could lead anywhere). */
function linkRefusal(root: string, parts: string[], target: string): string | null {
  if (posix.isAbsolute(target)) return `it is a link to ${target}, outside of the folder`;
  const inside = posix.normalize(posix.join(...parts.slice(0, -1), target));
  if (inside === '..' || inside.startsWith('../')) return `it is a link to ${target}, outside of the folder`;
  const through = symlinkOnTheWay(root, inside.split('/'));
  return through === null ? null : `it is a link through ${through}, another link`;
}

/** The first of the folders `parts` below the root that is a symbolic link; null: none. */
function symlinkOnTheWay(root: string, parts: string[]): string | null {
  let path = root;
  for (const part of parts) {
    path = join(path, part);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    if (stat.isSymbolicLink()) return path.slice(root.length + sep.length) || basename(dirname(path));
  }
  return null;
}
