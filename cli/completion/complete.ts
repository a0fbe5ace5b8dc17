/**
 * `dstack __complete`, which the scripts for bash and zsh ask. It prints `words`, `files` or `dirs`, then a candidate a line. Never a word on stderr, always the exit status 0: whoever pressed Tab has not asked anything.
 *
 *     dstack __complete bash LINE WORDBREAKS    # the line up to the cursor
 *     dstack __complete zsh WORD…               # the words up to the cursor, without their quotes
 */
import { createCli } from '../context.ts';
import { splitLine } from './line.ts';
import { suggest } from './suggest.ts';

/** What a shell may put on a command line as it is. A name with anything else in it is left out: somebody else may have chosen it. */
const harmless = /^[\w.:/@%+=,-]+$/;

export async function complete(args: string[]): Promise<void> {
  try {
    const { words, fixed } = args[0] === 'bash' ? splitLine(args[1] ?? '', args[2] ?? '') : { words: args.slice(1), fixed: '' };
    const found = await suggest(createCli(process.env, process.cwd()), words.slice(1));
    if (found.kind !== 'words') return print([found.kind]);
    const current = words.at(-1) ?? '';
    const fitting = found.words.filter((word) => word.startsWith(current) && harmless.test(word)).map((word) => word.slice(fixed.length));
    print(['words', ...new Set(fitting)]);
  } catch {
    // what is wrong is said by the command itself
  }
}

/** And that is all: a daemon that has not answered yet is not waited for. */
const print = (lines: string[]): void => void process.stdout.write(`${lines.join('\n')}\n`, () => process.exit(0));
