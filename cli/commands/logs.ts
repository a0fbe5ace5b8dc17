import { Command } from 'commander';
import { unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { follow } from '../follow.ts';
import { LogView } from '../log-view.ts';
import { since } from '../terminal/time.ts';
import { examples, usageError, wholeNumber } from '../usage.ts';

interface LogsOptions {
  follow?: boolean;
  since?: string;
  attempt?: number;
}

export const command = (cli: Cli): Command =>
  new Command('logs')
    .description(
      "Print a run's output: of its attempts the newest that has any. Of progress bars only the last state, unless followed on a terminal.",
    )
    .argument('<run>', 'its name')
    .option('-f, --follow', 'Go on until the run ends, with its further attempts.')
    .option('--attempt <n>', 'That of this attempt (`dstack ps RUN` lists them).', wholeNumber(1))
    .option('-s, --since <time>', 'Only what was printed since: 10m, 2h, 1d, 1w ago, or a date and time.')
    .addHelpText(
      'after',
      examples([
        ['dstack logs calm-otter-3', 'all of it'],
        ['dstack logs -f calm-otter-3', 'and what is still to come'],
        ['dstack logs --attempt 1 calm-otter-3', 'before it failed, or made room'],
        ['dstack logs -s 10m calm-otter-3', 'the last ten minutes'],
        ['dstack logs -s 2026-11-02T14:00 calm-otter-3', 'since then'],
      ]),
    )
    .action(async (name: string, options: LogsOptions) => {
      const from = options.since === undefined ? undefined : since(options.since, Date.now());
      if (from === null)
        throw usageError(`--since takes 30s, 10m, 2h, 1d, 1w, or a time such as 2026-11-02T14:00; not '${options.since}'.`);
      // says so when there is no such run, and agrees on versions
      unwrap(await cli.client.call('run', { name }));
      const { attempt } = options;
      const view = new LogView(cli.out, options.follow === true);
      const request = {
        name,
        follow: options.follow === true,
        ...(from !== undefined && { since: from }),
        ...(attempt !== undefined && { attempt }),
      };
      const read = await follow(
        cli.client,
        request,
        { onRun: () => {}, onData: (chunk) => view.write(chunk) },
        new AbortController().signal,
      );
      await view.end();
      unwrap(read);
    });
