/**
 * What a requirements file is made of (pip's "Requirements File Format"): itself, the files that it takes in with `-r` and `-c`, and what it installs from
 * the project. Those are named from the file's own folder, what is installed from the working directory: so pip reads them.
 */
import { posix } from 'node:path';

/** The project's files, by paths below it. */
export interface Files {
  /** null: there is no such file, it is no text (UTF-8), or longer than `most` bytes (`mostText`, unless said otherwise) */
  read(path: string, most?: number): string | null;
  has(path: string): boolean;
}

/** Those of a tree. */
export interface Tree extends Files {
  isFolder(path: string): boolean;
  /** what lies in a folder; null: it is none, or has too many to look at each */
  names(path: string): string[] | null;
}

/** Bytes of a file that are looked at to see what it speaks of; of a bigger one only the id of its content counts. */
export const mostText = 1 << 20;
/** With hashes for every platform they get long. */
export const mostRequirements = 8 << 20;

export type Part =
  /** its text counts */
  | { kind: 'file'; path: string; text: string }
  /** all of it counts: a folder, or a package of any size */
  | { kind: 'content'; path: string };

export interface Requirements {
  parts: Part[];
  /** files that are named and are not there, and where */
  missing: { path: string; from: string | null }[];
}

/** What decides about an editable install of a folder; its code is the workspace's. */
const projectFiles = ['pyproject.toml', 'setup.cfg', 'setup.py'];

/** Reads the file `path` (below the project) and all that it refers to. */
export function readRequirements(files: Files, workingDir: string, path: string): Requirements {
  const found: Requirements = { parts: [], missing: [] };
  const seen = new Set<string>();
  const visit = (file: string, from: string | null): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = files.read(file, mostRequirements);
    if (text === null) {
      if (files.has(file)) found.parts.push({ kind: 'content', path: file });
      return void found.missing.push({ path: file, from });
    }
    found.parts.push({ kind: 'file', path: file, text });
    for (const entry of entriesOf(text)) {
      if (entry.kind === 'file') visit(posix.join(posix.dirname(file), entry.path), file);
      else found.parts.push(...localParts(files, posix.join(workingDir, entry.path), entry.kind === 'editable'));
    }
  };
  visit(posix.join(workingDir, path), null);
  return found;
}

/** What counts of a path that is installed from; nothing where it is not there: pip will say so. */
export function localParts(files: Files, path: string, editable: boolean): Part[] {
  if (!files.has(path)) return [];
  if (!editable) return [{ kind: 'content', path }];
  return projectFiles.flatMap((name): Part[] => {
    const file = posix.join(path, name);
    const text = files.read(file);
    return text === null ? [] : [{ kind: 'file', path: file, text }];
  });
}

type Entry = { kind: 'file' | 'editable' | 'local'; path: string };

const option = (line: string, short: string, long: string): string | null =>
  new RegExp(`^(?:${short}\\s*|${long}(?:\\s+|=))(.+)$`)
    .exec(line)?.[1]
    ?.trim()
    .replaceAll(/^(["'])(.*)\1$/g, '$2') ?? null;

/** What the lines of a requirements file refer to in the project. */
function entriesOf(text: string): Entry[] {
  const lines = text
    .replaceAll(/\\\r?\n/g, '')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim());
  return lines.flatMap((line): Entry[] => {
    const file = option(line, '-r', '--requirement') ?? option(line, '-c', '--constraint');
    if (file !== null) return inProject(file) ? [{ kind: 'file', path: file }] : [];
    const editable = option(line, '-e', '--editable');
    const links = option(line, '-f', '--find-links');
    const path = (editable ?? links ?? line).replace(/\s*;.*$/, '').replace(/\[[^\]]*\]\s*$/, '');
    if (line.startsWith('-') && editable === null && links === null) return [];
    if (!inProject(path) || !/^\.|\//.test(path)) return [];
    return [{ kind: editable === null ? 'local' : 'editable', path }];
  });
}

/** Neither a URL nor a path of the image, nor one with a variable, which only pip can fill in. */
const inProject = (path: string): boolean => path !== '' && !/^[a-z+]+:|^\/|\$\{|@\s|\s/i.test(path);
