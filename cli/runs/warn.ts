import type { Cli } from '../context.ts';
import { printable } from '../terminal/text.ts';

/** What the daemon has to say about a submission, before the run speaks. */
export function warn(cli: Cli, warnings: readonly string[]): void {
  for (const warning of warnings) cli.err.line(`${cli.err.style('yellow', 'warning:')} ${printable(warning)}`);
}
