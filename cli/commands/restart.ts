import { Command } from 'commander';
import { unwrap } from '../../shared/result.ts';
import { attach } from '../runs/attach.ts';
import type { Cli } from '../context.ts';
import { examples } from '../usage.ts';
import { warn } from '../runs/warn.ts';

interface RestartOptions {
  detach?: boolean;
}

export const command = (cli: Cli): Command =>
  new Command('restart')
    .description('Submit a run once more, exactly as it was: same files, image, deps and settings.')
    .argument('<run>', 'its name')
    .option('-d, --detach', 'Print the name of the new run and return at once.')
    .addHelpText(
      'after',
      examples([
        ['dstack restart calm-otter-3', 'run it again and show its output'],
        ['dstack restart -d calm-otter-3', 'in the background'],
      ]),
    )
    .action(async (name: string, options: RestartOptions) => {
      const { run, warnings } = unwrap(await cli.client.call('restart', { name }));
      warn(cli, warnings);
      if (options.detach) return cli.out.line(run.name);
      cli.err.line(cli.err.style('dim', run.name));
      cli.exitCode = await attach(cli, run.name, { tells: true, watch: (run.watch ?? null) !== null });
    });
