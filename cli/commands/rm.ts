import { Command } from 'commander';
import { unwrap } from '../../shared/result.ts';
import { askFirst } from '../ask-first.ts';
import type { Cli } from '../context.ts';
import { examples, usageError } from '../usage.ts';

interface RmOptions {
  all?: boolean;
  yes?: boolean;
  json?: boolean;
}

export const command = (cli: Cli): Command =>
  new Command('rm')
    .description('Remove finished runs. What a tag protects is kept; `dstack gc` frees the rest.')
    .argument('[run...]', 'their names')
    .option('-a, --all', 'All finished runs of the project.')
    .option('-y, --yes', 'Do not ask.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack rm calm-otter-3', 'one run'],
        ['dstack rm -a -y', 'all finished runs, without asking'],
      ]),
    )
    .action(async (names: string[], options: RmOptions) => {
      if (names.length === 0 && !options.all) throw usageError('Which run?', 'Name it, or say --all for all finished runs of the project.');
      if (names.length > 0 && options.all) throw usageError('Either name runs, or say --all.', '`dstack ps -a` lists them.');
      if (!(await askFirst(cli, `Remove ${options.all ? 'all finished runs of the project' : names.join(', ')}?`, options))) return;
      const projectDir = cli.projectOrHere();
      const answer = unwrap(await cli.client.call('rm', { projectDir, ...(options.all ? { all: true } : { names }) }));
      if (options.json) return cli.json(answer);
      if (answer.removed.length === 0) cli.err.line('There is nothing to remove.');
      for (const name of answer.removed) cli.out.line(`${name} removed`);
    });
