import { Command } from 'commander';
import type { Cli } from '../context.ts';
import { enter } from '../sessions/enter.ts';
import { envOption } from '../runs/env-option.ts';
import { collect, examples, usageError, wholeNumber } from '../usage.ts';

interface ExecOptions {
  node?: number;
  workdir?: string;
  env?: string[];
  tty: boolean;
}

const notes = `
The command runs beside the run's own, as the same user, with the same variables
and in the same folder; no shell reads its arguments. It gets a terminal if
there is one here, else it is a part of a pipe, both outputs apart.

The exit status is the command's own (126: not executable, 127: not found), or
125 if it could not be run at all. Closing the terminal ends it, not the run.`;

export const command = (cli: Cli): Command =>
  new Command('exec')
    .description('Run a command in the container of a run.')
    .usage('[OPTIONS] RUN -- COMMAND [ARGS…]')
    .argument('<run>', 'its name')
    .argument('[command...]', 'what to run')
    .option('--node <n>', 'In this container of a run that has several, counted from 0.', wholeNumber(0))
    .option('-w, --workdir <dir>', "Begin in this folder: absolute, or below the run's own.")
    .option('-e, --env <name=value>', 'Set a variable; a bare NAME takes your own value. Repeatable.', collect)
    .option('--no-tty', 'No terminal for the command, even if there is one here.')
    .addHelpText('after', notes)
    .addHelpText(
      'after',
      examples([
        ['dstack exec calm-otter-3 -- nvidia-smi', 'look at its GPUs'],
        ["dstack exec calm-otter-3 -- sh -c 'ls *.ckpt | wc -l'", 'with a shell to read it'],
        ['tar c data | dstack exec calm-otter-3 -- tar x', 'copy a folder into it'],
        ['dstack exec calm-otter-3 -w output -- tar c . | tar x', 'and out of it'],
      ]),
    )
    .action(async (run: string, words: string[], { node, workdir, env, tty }: ExecOptions) => {
      if (words.length === 0) throw usageError('Which command?', `For a shell: dstack shell ${run}`);
      cli.exitCode = await enter(cli, {
        run,
        tty,
        command: words,
        ...(node !== undefined && { node }),
        ...(workdir !== undefined && { dir: workdir }),
        ...(env && { env: envOption(env, cli.env) }),
      });
    });
