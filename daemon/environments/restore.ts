/** What the set-up left in its shell, read from what its build noted down: docblock of build-script.ts. */
import { fail, ok, type Result } from '../../shared/result.ts';
import { shellQuote } from '../providers/script.ts';

export interface Noted {
  /** the variables that programs are given, as /proc has them: NAME=VALUE, each ended by a NUL; null: nobody could tell */
  before: string | null;
  after: string | null;
  directory: string | null;
  /** lines of sh: variables that are not exported, functions, options (bash) */
  shell: string | null;
  /** names of its variables, one a line, where it is no bash */
  namesBefore: string | null;
  namesAfter: string | null;
  trapsBefore: string | null;
  trapsAfter: string | null;
  /** process ids of what it left running */
  jobs: string | null;
}

/** Variables that say something about the shell itself. */
const ownToShells = /^(_|SHLVL|PWD|OLDPWD|DSTACK_PATH|dstack_\w+|OPTIND|LINENO|PS[1-4]|IFS|PPID|RANDOM|SECONDS|FUNCNAME|HISTCMD|TERM)$/;

/**
 * The lines of sh that bring a job's shell to where the set-up left its own, in the folder `home` at first. Fails where they cannot, or must not: with why the set-up has to
 * run in the job itself. `never`: texts that they must not hold, such as the values of secrets.
 */
export function restoring(noted: Noted, home: string, never: readonly string[]): Result<string> {
  const again = (why: string): Result<never> => fail('again', why, null);
  const { before, after } = noted;
  if (before === null || after === null || noted.directory === null) return again('the image has no `cat` to tell what it exports');
  if (noted.jobs?.trim()) return again('it left a process running');
  if (noted.trapsBefore !== noted.trapsAfter) return again('it sets a trap');
  const [old, now] = [variables(before), variables(after)];
  const unexported = names(noted.namesAfter).filter(
    (name) => !names(noted.namesBefore).includes(name) && !now.has(name) && !ownToShells.test(name),
  );
  if (unexported[0] !== undefined) return again(`it sets the variable ${unexported[0]}, which it does not export`);
  const lines: string[] = [];
  for (const [name, value] of now) {
    if (old.get(name) === value || ownToShells.test(name)) continue;
    if (!/^[A-Za-z_]\w*$/.test(name)) return again('it exports a function');
    if (value.includes('\uFFFD')) return again(`the value of ${name}, which it exports, is no text`);
    lines.push(`export ${name}=${shellQuote(value)}`);
  }
  for (const name of old.keys()) if (!now.has(name) && !ownToShells.test(name) && /^[A-Za-z_]\w*$/.test(name)) lines.push(`unset ${name}`);
  if (noted.directory !== home) lines.push(`cd ${shellQuote(noted.directory)}`);
  if (noted.shell?.trim()) lines.push(noted.shell.trimEnd());
  const text = lines.join('\n');
  if (holdsAny(text, never)) return again('it leaves the value of a secret, or the name of its own container, in a variable');
  return ok(text);
}

/** However a shell quotes them: without backslashes and quotes, and each line of several alone. */
function holdsAny(text: string, never: readonly string[]): boolean {
  const bare = (some: string): string => some.replaceAll(/[\\'"]/g, '');
  const [plain, whole] = [bare(text.replaceAll('\\n', '\n')), bare(text)];
  const lines = never.flatMap((one) => one.split('\n')).map((line) => bare(line.trim()));
  return lines.some((line) => line !== '' && (plain.includes(line) || whole.includes(line)));
}

const variables = (environ: string): Map<string, string> =>
  new Map(
    environ
      .split('\0')
      .filter((entry) => entry.includes('='))
      .map((entry): [string, string] => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );

const names = (list: string | null): string[] => (list ?? '').split('\n').filter((name) => name !== '');
