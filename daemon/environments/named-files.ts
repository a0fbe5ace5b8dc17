import { posix } from 'node:path';
import { localParts, readRequirements, type Part, type Tree } from './requirements.ts';

/** Above this many files that a pattern names, their folder counts as a whole. */
const mostMatches = 16;

/** Programs that only set up the shell, or that read nothing of the project that is not named otherwise: a folder in their words is a place, which means something to the others. */
const placeOnly =
  /^(cd|pushd|popd|export|unset|set|alias|umask|ulimit|echo|printf|true|:|mkdir|pip3?|uv|conda|mamba|micromamba|apt|apt-get|apk|yum|dnf|git)$/;

/**
 * Files and folders of the project that commands name, by the words that they are made of: `bash setup.sh`, `cp -r conf /etc`, `cat *.csv`,
 * `pip install -r dev.txt -e .`. An edit of one must count. What a command opens without naming it cannot be known.
 */
export function namedFiles(files: Tree, workingDir: string, commands: readonly string[]): Part[] {
  const parts: Part[] = [];
  const bases = [workingDir];
  const lines = commands.flatMap((command) => simpleCommands(command));
  const something = lines.some((line) => !line.place);
  for (const { words, installs, place } of lines) {
    let before = '';
    for (const [i, word] of words.entries()) {
      const [inside, wanted] = ofProject(installs ? word.replace(/\[[^\]]*\]$/, '') : word);
      // `. file`
      const source = word === '.' && i === 0;
      for (const base of source ? [] : inside ? [''] : bases) {
        const path = posix.join(base, wanted);
        if (/^\.\.(\/|$)|^\/|^-/.test(path)) continue;
        if (isPattern(wanted)) parts.push(...ofPattern(files, path));
        else if (files.has(path)) {
          const whole = installs || !place || (something && path !== '.' && path !== posix.join(workingDir, '.'));
          parts.push(...partsOf(files, base, path, wanted, before, installs, whole));
        }
      }
      if (/^(cd|pushd)$/.test(before) && (inside || !word.startsWith('/')))
        bases.push(posix.join(inside ? '' : (bases.at(-1) ?? ''), wanted));
      before = word;
    }
  }
  return parts.filter((part, i) => parts.findIndex(({ kind, path }) => kind === part.kind && path === part.path) === i);
}

/** Whether a word names something by its path in the container, and that path below the project. */
function ofProject(word: string): [inside: boolean, path: string] {
  const inside = /^\/workflow(\/|$)/.test(word);
  return [inside, inside ? word.slice('/workflow/'.length) || '.' : word];
}

function partsOf(files: Tree, base: string, path: string, word: string, before: string, installs: boolean, whole: boolean): Part[] {
  if (/^(-r|-c|--requirements?|--constraints?)$/.test(before)) return readRequirements(files, base, word).parts;
  const text = files.read(path);
  if (text !== null) return [{ kind: 'file', path, text }];
  if (installs) return localParts(files, path, /^(-e|--editable)$/.test(before));
  return whole || !files.isFolder(path) ? [{ kind: 'content', path }] : [];
}

const isPattern = (path: string): boolean => /[*?]|\[.+\]/.test(path);

/** What a shell makes of `path`, or more. */
function ofPattern(files: Tree, path: string): Part[] {
  const steps = path.split('/');
  const at = steps.findIndex(isPattern);
  const folder = steps.slice(0, at).join('/') || '.';
  const names = files.names(folder);
  if (names === null) return files.isFolder(folder) ? [{ kind: 'content', path: folder }] : [];
  const pattern = steps[at] ?? '';
  // by its ends alone: an expression made of what users write could keep this process busy
  const [begin, end] = [pattern.replace(/[*?[][\s\S]*$/, ''), pattern.slice(pattern.search(/[^*?\]]*$/))];
  const found = names.filter((name) => name.startsWith(begin) && name.endsWith(end));
  if (found.length > mostMatches) return [{ kind: 'content', path: folder }];
  return found.flatMap((name): Part[] => {
    const one = posix.join(folder, name);
    const last = at === steps.length - 1;
    if (!last && !files.isFolder(one)) return [];
    const text = last ? files.read(one) : null;
    return [text === null ? { kind: 'content', path: one } : { kind: 'file', path: one, text }];
  });
}

interface Simple {
  words: string[];
  /** it installs packages */
  installs: boolean;
  /** its folders are places */
  place: boolean;
}

/** Parts of a command that a shell runs one after another, more or less: quotes are not looked at. */
function simpleCommands(command: string): Simple[] {
  const lines = command.replaceAll(/\\\r?\n/g, ' ').split(/[;|&()\n`]+/);
  return lines.flatMap((line) => {
    const installs = /\b(pip3?|uv)\b.*\binstall\b/.test(line);
    const rest = line.replace(
      /^(\s|\b(if|then|elif|else|while|until|do|!|\{|sudo|command|builtin)\s|[A-Za-z_]\w*=("[^"]*"|'[^']*'|[^\s"'])*(\s|$))*/,
      '',
    );
    const words = wordsOf(line);
    const program = /^(python[\d.]*\s+-m\s+)?(\S*)/.exec(rest)?.[2] ?? '';
    return words.length === 0 ? [] : [{ words, installs, place: program === '' || placeOnly.test(program) }];
  });
}

const wordsOf = (line: string): string[] => line.split(/[\s<>"'=]+/).filter((word) => word !== '' && word.length < 500);
