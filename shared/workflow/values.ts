/** The short forms of a workflow's values. Each failure's message fits behind the place it was found at: "cpu 0: ", "--cpu 0: ". */
import { posix } from 'node:path';
import { fail, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { hasControlCharacters, parseDuration, parseSize, refusedTarget, stripSlash } from '../units.ts';
import { pythonVersions } from './model.ts';
import type { ArtifactRef, EnvEntry } from './model.ts';

/** Cores: more than 0, with a fraction if need be. */
export function parseCpu(text: string): Result<number> {
  const cores = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : Number.NaN;
  if (cores > 0 && cores <= 10_000) return ok(cores);
  return fail('bad_cpu', 'this is not a number of cores', 'write 4 or 0.5; leave it out for no limit');
}

/** Bytes of a memory limit; the engine takes none below 6 MB. */
export function parseMemory(text: string): Result<number> {
  const bytes = parseSize(text);
  return bytes.ok && bytes.value < 6_000_000 ? fail('bad_size', 'this is too little for a container', 'write at least 6MB') : bytes;
}

/** Bytes, more than 0. */
export function parsePositiveSize(text: string): Result<number> {
  const bytes = parseSize(text);
  return bytes.ok && bytes.value === 0 ? fail('bad_size', 'this is nothing', 'write at least 1MB') : bytes;
}

/** Seconds, more than 0. */
export function parseLimit(text: string): Result<number> {
  const seconds = parseDuration(text);
  return seconds.ok && seconds.value === 0 ? fail('bad_duration', 'this leaves no time', 'leave it out for no limit') : seconds;
}

/** Seconds, more than 0; `off` (also `never`, the config's word): whatever the config says, it is never stopped for this. */
export function parseInactivity(text: string): Result<number | 'off'> {
  if (text === 'off' || text === 'never') return ok('off');
  const seconds = parseLimit(text);
  if (seconds.ok) return seconds;
  const { code, message, hint } = seconds.failure;
  // a number alone only lacks its unit
  return fail(code, message, /^\s*[\d.]+\s*$/.test(text) && hint ? `${hint}; or off` : 'write for example 2h, or off');
}

/** A parser of whole numbers from `least` to `most`. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): Result<number> => {
    const number = Number(text);
    const whole = /^\s*[+-]?\d+\s*$/.test(text);
    if (whole && number >= least && number <= most) return ok(number);
    const wrong = !whole ? 'not a whole number' : number < least ? `less than ${least}` : `more than ${most}`;
    return fail('bad_number', `this is ${wrong}`, `write a whole number from ${least} to ${most}`);
  };

export const parseGpuCount = wholeNumber(0, 1024);
/** Part of a GPU's product name; an empty one would be any GPU's. */
export const parseGpuName = (text: string): Result<string> =>
  text.trim() === '' ? fail('bad_gpu_name', 'this names no GPU', 'leave it out for any GPU, see: dstack gpus') : ok(text);

export const parsePriority = wholeNumber(-1000, 1000);
export const parseRetry = wholeNumber(0, 100);
export const parseNodes = wholeNumber(1, 1024);

/** One of the known versions, `3.11`. */
export function parsePython(text: string): Result<string> {
  const versions: readonly string[] = pythonVersions;
  if (versions.includes(text)) return ok(text);
  const near = versions.find((version) => text.startsWith(`${version}.`) || (text.length > 2 && version.startsWith(text))) ?? null;
  return fail(
    'bad_python',
    'there is no such version of Python here',
    `${near ? `did you mean ${near}? ` : ''}Known are ${versions.join(', ')}`,
  );
}

/** A version of a tool, as pip and download pages know it. */
export const parseVersion = (text: string): Result<string> =>
  /^v?\d[\w.+-]{0,59}$/.test(text) ? ok(text) : fail('bad_version', 'this is not a version', 'write one such as 4.2.0');

/** A folder to save: relative ones stay inside the working directory; absolute ones are not the root nor a folder of the system. */
export function parseArtifact(text: string): Result<ArtifactRef> {
  const bad = (message: string, hint: string): Result<ArtifactRef> => fail('bad_path', message, hint);
  if (text.trim() === '') return bad('the path is empty', 'name a folder');
  if (hasControlCharacters(text)) return bad('the path contains a control character', 'name a folder without line breaks and the like');
  if (text === '~' || text.startsWith('~/'))
    return bad('`~` is not expanded here', `write the path in full, for example ${posix.join('/root', text.slice(1))}`);
  const path = stripSlash(posix.normalize(text));
  const refused = path.startsWith('/') ? refusedTarget(path) : null;
  if (refused) return bad(refused, 'name a folder of its own');
  if (path === '.')
    return bad('the working directory itself cannot be an artifact', 'let the work write into a folder in it, and name that');
  if (path === '..' || path.startsWith('../'))
    return bad('the path leads out of the working directory', 'name a folder below it, or an absolute path such as /workflow/output');
  return ok({ path });
}

/** A directory relative to the project, normalised; the project itself is ''. */
export function parseWorkingDir(text: string): Result<string> {
  const bad = (message: string): Result<string> => fail('bad_path', message, 'name a folder of the project, relative to it');
  if (hasControlCharacters(text)) return bad('the path contains a control character');
  const path = stripSlash(posix.normalize(text || '.'));
  if (path.startsWith('/')) return bad('the path is absolute');
  if (path === '..' || path.startsWith('../')) return bad('the path leads out of the project');
  return ok(path === '.' ? '' : path);
}

/** A name that a variable of the environment can have. */
export function parseEnvName(name: string): Result<string> {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return ok(name);
  const mended = name
    .trim()
    .replaceAll(/[^A-Za-z0-9_]/g, '_')
    .replace(/^(?=\d)/, '_');
  const hint = mended.replaceAll('_', '') === '' ? 'write NAME=VALUE' : `names are letters, digits and \`_\`: ${mended.slice(0, 60)}`;
  return fail('bad_env', name === '' ? 'the name of the variable is missing' : 'no variable can have this name', hint);
}

/** `NAME=VALUE`, or `NAME` for the submitter's value. */
export function parseEnvEntry(text: string): Result<EnvEntry> {
  const equals = text.indexOf('=');
  const name = parseEnvName(equals < 0 ? text : text.slice(0, equals));
  if (!name.ok) return name;
  return ok({ name: name.value, value: equals < 0 ? null : text.slice(equals + 1) });
}

/** A workflow's name, as `dstack run` and deps take it. */
export function parseName(text: string): Result<string> {
  if (isName(text)) return ok(text);
  return fail(
    'bad_name',
    text === '' ? 'the name is empty' : 'no workflow can have this name',
    'names are letters, digits, `-`, `_` and `.`, at most 100, beginning with a letter or digit',
  );
}

/** Names of workflows and tags: usable as an argument, in a dep and in a file's name. */
export const isName = (text: string): boolean => /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._-]{0,99}$/u.test(text);
