import { InvalidArgumentError } from 'commander';
import { FailureError } from '../shared/result.ts';

/** A mistake on the command line: printed like any failure, exit status 2. */
export const usageError = (message: string, hint: string | null): FailureError =>
  new FailureError({ code: 'usage', message, ...(hint !== null && { hint }) });

/** Parses an option that takes a whole number of at least `least`. */
export const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= least && Number.isSafeInteger(value)) return value;
    throw new InvalidArgumentError(`It takes a whole number${least > -1e6 ? ` from ${least} up` : ''}.`);
  };

/** Parses a workflow's setting that is a whole number. Which ones it may be the daemon says, in the same words. */
export const setting =
  (flag: string) =>
  (text: string): number => {
    if (/^[+-]?\d+$/.test(text)) return Number(text);
    throw new FailureError({ code: 'bad_option', message: `${flag} ${text}: this is not a whole number`, hint: `For example ${flag} 1` });
  };

/** Collects an option that may be given several times. */
export const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

/** Columns of an example: a terminal that has no more would break it within a word. */
const room = 80;

/** The examples at the end of a command's help: pairs of a command line and what it does, which stands below a long one. */
export function examples(lines: [command: string, does: string][]): string {
  const beside = ([command, does]: [string, string], column: number): string | null => {
    const line = `  $ ${command.padEnd(column)}  # ${does}`;
    return command.length <= column && line.length <= room ? line : null;
  };
  const besideAt = (column: number): number => lines.filter((line) => beside(line, column) !== null).length;
  const columns = lines.map(([command]) => command.length).toSorted((a, b) => besideAt(b) - besideAt(a));
  return ['', 'Examples:', ...lines.map((line) => beside(line, columns[0] ?? 0) ?? `  $ ${line[0]}\n      # ${line[1]}`)].join('\n');
}
