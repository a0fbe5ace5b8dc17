import { posix } from 'node:path';
import { localParts, readRequirements, type Files, type Part } from './requirements.ts';

/**
 * Files of the project that commands name, by the words that they are made of: `bash setup.sh`, `pip install -r dev.txt -e .`. An edit of one
 * must count. What a command opens without naming it cannot be known.
 */
export function namedFiles(files: Files, workingDir: string, commands: readonly string[]): Part[] {
  const parts: Part[] = [];
  const bases = [workingDir];
  for (const command of commands) {
    const installs = /\b(pip3?|uv)\b.*\binstall\b/.test(command);
    let before = '';
    for (const word of wordsOf(command)) {
      const wanted = word.replace(/^\/workflow\//, '').replace(/\[[^\]]*\]$/, '');
      for (const base of word.startsWith('/workflow/') ? [''] : bases) {
        const path = posix.join(base, wanted);
        if (!/^\.{1,2}\/|^\/|^-/.test(path) && path !== '..' && files.has(path))
          parts.push(...partsOf(files, base, path, wanted, before, installs));
      }
      if (before === 'cd' && !word.startsWith('/')) bases.push(posix.join(bases.at(-1) ?? '', word));
      before = word;
    }
  }
  return parts;
}

function partsOf(files: Files, base: string, path: string, word: string, before: string, installs: boolean): Part[] {
  if (/^(-r|-c|--requirements?|--constraints?)$/.test(before)) return readRequirements(files, base, word).parts;
  const text = files.read(path);
  if (text !== null) return [{ kind: 'file', path, text }];
  if (!installs) return [];
  return localParts(files, path, /^(-e|--editable)$/.test(before));
}

const wordsOf = (command: string): string[] => command.split(/[\s;|&()<>"'=`]+/).filter((word) => word !== '' && word.length < 500);
