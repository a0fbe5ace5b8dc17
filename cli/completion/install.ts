/** Puts the completion where a shell finds it by itself, and takes it away. Doing it twice is doing it once. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fail, messageOf, ok, type Result } from '../../shared/result.ts';
import { quoteArgs } from '../../shared/workflow/quote.ts';
import { askShell } from './ask-shell.ts';
import { scripts, type Shell } from './scripts.ts';

interface Place {
  env: NodeJS.ProcessEnv;
  home: string;
}

/** What was done, a sentence each, then what is left to do for the user. */
export interface Installed {
  done: string[];
  next: string[];
}

const quoteArg = (path: string): string => quoteArgs([path]);
const marker = '# completion of dstack';

export function install(shell: Shell, env: NodeJS.ProcessEnv): Result<Installed> {
  const place = { env, home: env['HOME'] || homedir() };
  try {
    return ok(shell === 'bash' ? installBash(place) : installZsh(place));
  } catch (error) {
    return fail(
      'completion',
      `The completion could not be written: ${messageOf(error)}.`,
      `Write it yourself: dstack completion ${shell} >FILE`,
    );
  }
}

export function uninstall(shell: Shell, env: NodeJS.ProcessEnv): Result<Installed> {
  const place = { env, home: env['HOME'] || homedir() };
  try {
    const files = shell === 'bash' ? [ofLoader(place), ofLine(place)] : zshFiles(place).filter(isOurs);
    const removed = files.filter((file) => existsSync(file));
    for (const file of removed) rmSync(file);
    const done = removed.map((file) => `Removed ${file}.`);
    if (shell === 'bash' && removeLine(bashrc(place))) done.push(`Removed its line from ${bashrc(place)}.`);
    return ok({ done: done.length > 0 ? done : ['There was nothing to remove.'], next: [] });
  } catch (error) {
    return fail('completion', `The completion could not be removed: ${messageOf(error)}.`, 'Remove the file yourself.');
  }
}

const dataDir = ({ env, home }: Place): string => env['XDG_DATA_HOME'] || join(home, '.local', 'share');
/** Where bash-completion looks when somebody completes `dstack` for the first time. */
const ofLoader = (place: Place): string =>
  join(place.env['BASH_COMPLETION_USER_DIR']?.split(':')[0] || join(dataDir(place), 'bash-completion'), 'completions', 'dstack');
/** What a line of ~/.bashrc reads, where there is no bash-completion. */
const ofLine = (place: Place): string => join(dataDir(place), 'dstack', 'completion.bash');
const bashrc = ({ home }: Place): string => join(home, '.bashrc');

function installBash(place: Place): Installed {
  // bash-completion may be installed, and not be loaded by this user's shells (root's on Debian): only the shell knows
  const loaders = '_comp_load __load_completion _completion_loader';
  const asked = askShell('bash', `declare -F ${loaders} | sed "s/^/$1/"`, place.env);
  const loaded = asked !== null && asked.length > 0;
  const file = loaded ? ofLoader(place) : ofLine(place);
  const done = [write(file, scripts.bash)];
  if (!loaded) {
    const line = `[ ! -r ${quoteArg(file)} ] || . ${quoteArg(file)} ${marker}`;
    const rc = bashrc(place);
    const text = existsSync(rc) ? readFileSync(rc, 'utf8') : '';
    if (!text.split('\n').includes(line)) {
      removeLine(rc);
      const before = existsSync(rc) ? readFileSync(rc, 'utf8') : '';
      appendFileSync(rc, `${before === '' || before.endsWith('\n') ? '' : '\n'}${line}\n`);
      done.push(`Added a line to ${rc} that reads it (there is no bash-completion in your shells).`);
    }
  }
  return { done, next: [`New shells complete dstack. In this one: . ${quoteArg(file)}`] };
}

/** Folders of the user's (root's: of the machine's) in which zsh looks, and where there is none, one that it is to be told of. */
function installZsh(place: Place): Installed {
  const asked = askShell('zsh', 'print -rl -- "$1"$^fpath; (( $+functions[compdef] )) && print -r -- "$1"compinit', place.env);
  const fpath = asked?.filter((line) => line.startsWith('/')) ?? [];
  const [own] = fpath.filter((dir) => isForUs(place, dir));
  const dir = own ?? zshDefault(place);
  const done = [write(join(dir, '_dstack'), scripts.zsh)];
  const lines = [
    ...(own === undefined ? [`fpath=(${quoteArg(dir)} $fpath)`] : []),
    ...(asked?.includes('compinit') && own !== undefined ? [] : ['autoload -Uz compinit && compinit']),
  ];
  if (lines.length === 0) return { done, next: ['New shells complete dstack.'] };
  const why =
    asked === null
      ? 'zsh could not be asked where it looks'
      : own === undefined
        ? 'zsh does not look there yet'
        : 'your zsh has no completion yet';
  return { done, next: [`${why}: write this into ~/.zshrc, before any other \`compinit\`:`, ...lines.map((line) => `  ${line}`)] };
}

const zshDefault = (place: Place): string => join(dataDir(place), 'zsh', 'site-functions');
const machineFolder = '/usr/local/share/zsh/site-functions';

const isForUs = ({ home }: Place, dir: string): boolean =>
  dir.startsWith(`${home}/`)
    ? existsSync(dir) || dir.endsWith('/site-functions')
    : dir === machineFolder && process.getuid?.() === 0 && home === '/root';

/** Where it may lie. */
const zshFiles = (place: Place): string[] => {
  const fpath = askShell('zsh', 'print -rl -- "$1"$^fpath', place.env) ?? [];
  return [...new Set([...fpath.filter((dir) => isForUs(place, dir)), zshDefault(place)])].map((dir) => join(dir, '_dstack'));
};

const isOurs = (file: string): boolean => existsSync(file) && readFileSync(file, 'utf8').includes('__complete zsh');

function write(file: string, text: string): string {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return `It is in ${file}.`;
  const fresh = !existsSync(file);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return `${fresh ? 'Wrote' : 'Brought up to date:'} ${file}${fresh ? '.' : ''}`;
}

/** True where there was one. The rest of the file stays as it is, as does the file itself: it may be a link. */
function removeLine(file: string): boolean {
  if (!existsSync(file)) return false;
  const lines = readFileSync(file, 'utf8').split('\n');
  const others = lines.filter((line) => !line.endsWith(marker));
  if (others.length === lines.length) return false;
  writeFileSync(file, others.join('\n'));
  return true;
}
