import { grepPattern } from './grep-option.ts';
import { usageError } from '../usage.ts';

/** The options of `dstack logs`. */
export interface LogsOptions {
  follow?: boolean;
  since?: string;
  attempt?: number;
  node?: number;
  tail?: number;
  grep?: string;
  ignoreCase?: boolean;
  all?: boolean;
  raw?: boolean;
  json?: boolean;
}

/** What they ask for: the output of one run, or a search through all. */
export type AskedLogs =
  | { what: 'all'; pattern: RegExp }
  | {
      what: 'run';
      name: string;
      pattern: RegExp | null;
      /** throws a usage error where they do not fit a run of so many nodes */ forNodes(nodes: number): void;
    };

/** Throws a usage error where the options do not go together. */
export function checkLogOptions(name: string | undefined, options: LogsOptions): AskedLogs {
  const pattern = options.grep === undefined ? null : grepPattern(options.grep, options.ignoreCase === true);
  if (pattern === null) {
    for (const flag of ['ignoreCase', 'all', 'json'] as const)
      if (options[flag]) throw usageError(`${flags[flag]} goes with --grep RE only.`, withGrep);
  } else if (options.raw) throw usageError('--raw prints bytes as they are, --grep looks at lines: only one of them can be given.', null);
  if (!options.all) {
    if (name === undefined)
      throw usageError('Which run? Give its name.', '`dstack ps -a` lists them; `dstack logs -a --grep RE` searches all of them.');
    return { what: 'run', name, pattern, forNodes: (nodes) => checkNodes(name, nodes, options) };
  }
  if (name !== undefined) throw usageError(`-a looks through all runs, not only ${name}: give one of both.`, null);
  for (const flag of ['follow', 'attempt', 'node', 'tail'] as const)
    if (options[flag] !== undefined)
      throw usageError(`${flags[flag]} goes with one run only, not with -a.`, 'Name the run in place of -a.');
  return { what: 'all', pattern: pattern as RegExp };
}

const withGrep = "For example: dstack logs -a -i --grep 'out of memory'";

const flags = { ignoreCase: '-i', all: '-a', json: '--json', follow: '-f', attempt: '--attempt', node: '--node', tail: '--tail' } as const;

function checkNodes(name: string, nodes: number, { raw, node }: LogsOptions): void {
  if (raw && node === undefined && nodes > 1)
    throw usageError(`${name} has ${nodes} nodes, whose bytes would be mixed: --raw needs --node.`, 'Its nodes are counted from 0.');
}
