import { Command } from 'commander';
import { unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { examples } from '../usage.ts';

interface ShareOptions {
  off?: boolean;
  json?: boolean;
}

export const command = (cli: Cli): Command =>
  new Command('share')
    .description(
      'Let the other users of this machine read a run of yours: what it is, its log and its artifacts. It takes the daemon that all of them share (`dstack daemon install --system`).',
    )
    .argument('<run>', 'its name')
    .option('--off', 'No more.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack share calm-otter-3', 'others may look at it, not stop or use it'],
        ['dstack share calm-otter-3 --off', 'it is yours alone again'],
      ]),
    )
    .action(async (name: string, options: ShareOptions) => {
      const answer = unwrap(await cli.client.call('share', { name, ...(options.off && { off: true }) }));
      if (options.json) return cli.json(answer);
      cli.out.line(answer.shared ? `${name} can be read by all users of this machine.` : `${name} is yours alone.`);
    });
