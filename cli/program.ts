/** argv → command. Only the file of the command that is asked for is loaded. */
import type { Command } from 'commander';
import { FailureError } from '../shared/result.ts';
import { createCli, type Cli } from './context.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';

/** Runs one command line (without `node` and the script). Answers the exit status. */
export async function main(argv: string[]): Promise<number> {
  // whoever read us has had enough (`dstack ps | head -1`)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.brokenPipe);
    throw error;
  });
  if (argv[0] === '__complete') {
    const { complete } = await import('./completion/complete.ts');
    await complete(argv.slice(1));
    return exitCodes.ok;
  }
  const cli = createCli(process.env, process.cwd());
  try {
    // what is typed most needs no parser, which takes 5 ms to load and to set up
    if (argv.length === 1 && argv[0] === 'ps') await (await import('./runs/list-runs.ts')).listRuns(cli, {});
    else await (await import('./parser.ts')).parse(cli, argv);
    return cli.exitCode;
  } catch (error) {
    if (error instanceof FailureError) {
      cli.complain(error.failure);
      return exitCodeOf(error.failure);
    }
    const status = (await import('./parser.ts')).statusOf(error);
    if (status === null) throw error;
    return status;
  }
}

/** The program with the command that `verb` names, or with all of them when it names none. */
export const build = async (cli: Cli, verb: string | undefined): Promise<Command> => (await import('./parser.ts')).build(cli, verb);
