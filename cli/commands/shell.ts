import { Command } from 'commander';
import type { Cli } from '../context.ts';
import { enter } from '../sessions/enter.ts';
import { envOption } from '../runs/env-option.ts';
import { collect, examples, wholeNumber } from '../usage.ts';

interface ShellOptions {
  node?: number;
  workdir?: string;
  env?: string[];
}

export const command = (cli: Cli): Command =>
  new Command('shell')
    .description('Open a shell in the container of a run: bash if it has one, else sh.')
    .argument('<run>', 'its name')
    .option('--node <n>', 'In this container of a run that has several, counted from 0.', wholeNumber(0))
    .option('-w, --workdir <dir>', "Begin in this folder: absolute, or below the run's own.")
    .option('-e, --env <name=value>', 'Set a variable; a bare NAME takes your own value. Repeatable.', collect)
    .addHelpText(
      'after',
      "\nIt has what the run's commands have: their user, variables and folder. `exit`\nor Ctrl+D leaves it; the run goes on.",
    )
    .addHelpText(
      'after',
      examples([
        ['dstack shell calm-otter-3', 'look around'],
        ['dstack shell calm-otter-3 --node 1', 'in the second of its containers'],
        ['echo "ls -l" | dstack shell calm-otter-3', 'the commands come from a pipe'],
      ]),
    )
    .action(async (run: string, { node, workdir, env }: ShellOptions) => {
      cli.exitCode = await enter(cli, {
        run,
        tty: true,
        command: null,
        greet: (host) => `${run}${node ? `, node ${node},` : ''} on ${host}; exit or Ctrl+D to leave`,
        ...(node !== undefined && { node }),
        ...(workdir !== undefined && { dir: workdir }),
        ...(env && { env: envOption(env, cli.env) }),
      });
    });
