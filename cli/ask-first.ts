import type { Cli } from './context.ts';
import { canAsk, confirm } from './terminal/ask.ts';

/** Asks on a terminal before something that cannot be undone. Without one the command line is taken at its word, as with `-y`. False: no. */
export async function askFirst(cli: Cli, question: string, options: { yes?: boolean }): Promise<boolean> {
  if (options.yes || !canAsk(cli.err)) return true;
  if (await confirm(cli.err, question)) return true;
  cli.err.line('Nothing was done.');
  cli.exitCode = 1;
  return false;
}
