/** `watch` of a workflow: which changes of the project's files begin the next attempt. */
import { fail, ok, type Result } from '../result.ts';
import type { WatchRef } from './model.ts';

/**
 * A pattern of .gitignore for files of the project, or a path in its place: `./src` and `.` are no patterns, and people write them. Fails with `bad_path` for what
 * no file of the project can match.
 */
export function parseWatchPattern(text: string): Result<string> {
  const pattern = text.replace(/^(!?)\.\//, '$1/');
  if (text.trim() === '') return fail('bad_path', 'this is empty', 'name files or folders of the project: `src`');
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f]/.test(text)) return fail('bad_path', 'the path contains a control character', 'name it without');
  if (/^!?~\//.test(text)) return fail('bad_path', 'the path is in a home directory', 'name files or folders of the project');
  if (pattern.split('/').includes('..'))
    return fail('bad_path', 'the path leads out of the project', 'only what is in the project is watched; name it from there');
  if (pattern.startsWith('#')) return ok(`\\${pattern}`);
  return ok(pattern === '.' || pattern === '/' ? '*' : pattern);
}

/** The path that a pattern names, below the project; null: it is one for many. */
export function pathNamed(pattern: string): string | null {
  if (/^[!\\]|[*?[]/.test(pattern)) return null;
  return pattern.replace(/^\/+/, '').replace(/\/+$/, '') || null;
}

type Patterns = string | string[] | undefined;
export type RawWatch = string | string[] | { paths?: Patterns; ignore?: Patterns } | undefined;

/** The long form of what the file says. */
export function watchOf(raw: RawWatch): WatchRef | null {
  if (raw === undefined) return null;
  const { paths, ignore } = typeof raw === 'string' || Array.isArray(raw) ? { paths: raw, ignore: undefined } : raw;
  return { paths: patterns(paths), ignore: patterns(ignore) };
}

const patterns = (raw: Patterns): string[] =>
  (raw === undefined ? [] : Array.isArray(raw) ? raw : [raw]).map((text) => {
    const read = parseWatchPattern(text);
    return read.ok ? read.value : text;
  });
