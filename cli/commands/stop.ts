import { Command } from 'commander';
import { unwrap } from '../../shared/result.ts';
import { askFirst } from '../ask-first.ts';
import type { Cli } from '../context.ts';
import { examples, usageError } from '../usage.ts';

interface StopOptions {
  all?: boolean;
  abort?: boolean;
  yes?: boolean;
  json?: boolean;
}

export const command = (cli: Cli): Command =>
  new Command('stop')
    .description('Stop runs; what they saved so far is kept.')
    .argument('[run...]', 'their names')
    .option('-a, --all', 'All unfinished runs of the project.')
    .option('-x, --abort', 'Kill at once, instead of asking to end and waiting a little.')
    .option('-y, --yes', 'Do not ask.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack stop calm-otter-3', 'SIGTERM, and SIGKILL if that does not help'],
        ['dstack stop -x calm-otter-3', 'SIGKILL'],
        ['dstack stop -a -y', 'everything, without asking'],
      ]),
    )
    .action(async (names: string[], options: StopOptions) => {
      if (names.length === 0 && !options.all)
        throw usageError('Which run?', 'Name it, or say --all for all unfinished runs of the project.');
      if (names.length > 0 && options.all) throw usageError('Either name runs, or say --all.', '`dstack ps` lists those that go on.');
      const what = options.all ? 'all unfinished runs of the project' : names.join(', ');
      if (!(await askFirst(cli, `${options.abort ? 'Abort' : 'Stop'} ${what}?`, options))) return;
      const projectDir = cli.projectOrHere();
      const runs = unwrap(
        await cli.client.call('stop', { projectDir, ...(options.all ? { all: true } : { names }), ...(options.abort && { abort: true }) }),
      );
      if (options.json) return cli.json(runs);
      if (runs.length === 0) cli.err.line('There is nothing to stop.');
      for (const run of runs) cli.out.line(`${run.name} ${run.status}`);
    });
