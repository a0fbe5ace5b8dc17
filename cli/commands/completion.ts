import { Command } from 'commander';
import { unwrap } from '../../shared/result.ts';
import type { Installed } from '../completion/install.ts';
import { scripts, shells, type Shell } from '../completion/scripts.ts';
import type { Cli } from '../context.ts';
import { examples, usageError } from '../usage.ts';

export const command = (cli: Cli): Command =>
  new Command('completion')
    .description('Completion with the Tab key, for bash and zsh: commands, options, and the names of workflows, runs, tags and secrets.')
    .addHelpText(
      'after',
      examples([
        ['dstack completion install', 'for the shell that you use'],
        ['dstack completion install zsh', 'for this one'],
        ['eval "$(dstack completion bash)"', 'only here and now'],
      ]),
    )
    .addCommand(installing(cli))
    .addCommand(uninstalling(cli))
    .addCommand(printing(cli, 'bash'))
    .addCommand(printing(cli, 'zsh'));

const printing = (cli: Cli, shell: Shell): Command =>
  new Command(shell)
    .description(`Print what ${shell} has to read.`)
    .addHelpText('after', examples([[`eval "$(dstack completion ${shell})"`, 'complete here and now']]))
    .action(() => void cli.out.stream.write(scripts[shell]));

const installing = (cli: Cli): Command =>
  new Command('install')
    .description('Put it where the shell finds it.')
    .argument('[shell]', 'bash or zsh; your own where it is left out')
    .option('--json', 'Print JSON.')
    .addHelpText('after', examples([['dstack completion install', 'for the shell that you use']]))
    .action(async (name: string | undefined, options: { json?: boolean }) => {
      const { install } = await import('../completion/install.ts');
      say(cli, unwrap(install(shellOf(cli, name), cli.env)), options);
    });

const uninstalling = (cli: Cli): Command =>
  new Command('uninstall')
    .description('Take it away.')
    .argument('[shell]', 'bash or zsh; your own where it is left out')
    .option('--json', 'Print JSON.')
    .addHelpText('after', examples([['dstack completion uninstall zsh', 'zsh has it no more']]))
    .action(async (name: string | undefined, options: { json?: boolean }) => {
      const { uninstall } = await import('../completion/install.ts');
      say(cli, unwrap(uninstall(shellOf(cli, name), cli.env)), options);
    });

function say(cli: Cli, { done, next }: Installed, options: { json?: boolean }): void {
  if (options.json) return cli.json({ done, next });
  for (const line of [...done, ...next]) cli.out.line(line);
}

/** The one that was named, or the user's own. */
function shellOf(cli: Cli, name: string | undefined): Shell {
  const wanted = name ?? cli.env['SHELL']?.split('/').at(-1);
  const found = shells.find((shell) => shell === wanted);
  if (found) return found;
  throw name === undefined
    ? usageError(
        `Your shell is ${wanted || 'not known'}, for which there is no completion.`,
        `Name one: dstack completion install ${shells.join('|')}`,
      )
    : usageError(`There is no completion for ${name}.`, `Only for ${shells.join(' and ')}.`);
}
