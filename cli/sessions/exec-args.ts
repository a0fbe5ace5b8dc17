/** `dstack exec [OPTIONS] RUN [OPTIONS] [--] COMMAND [ARGS…]`: our options stand around RUN; from the command on every word is the command's. */
import type { KnownOption } from '../runs/run-args.ts';

/** Our words, then RUN and the command behind `--`, so that a parser that knows only our options can read the answer. */
export function splitExecArgs(known: readonly KnownOption[], argv: string[]): string[] {
  const ours: string[] = [];
  let run: string | null = null;
  let i = 0;
  for (; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--') {
      i++;
      break;
    }
    if (word.startsWith('-') && word !== '-') {
      ours.push(word);
      // one that we do not know is the parser's to refuse
      const takesNext = known.some((option) => option.required && (option.short === word || option.long === word));
      if (takesNext && i + 1 < argv.length) ours.push(argv[++i] ?? '');
    } else if (run === null) run = word;
    else break;
  }
  const command = argv.slice(i);
  return run === null && command.length === 0 ? ours : [...ours, '--', ...(run === null ? [] : [run]), ...command];
}
