import { Command } from 'commander';
import type { AuditEntry } from '../../shared/api.ts';
import { unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { sinceOption, untilOption } from '../since-option.ts';
import { table } from '../terminal/table.ts';
import { oneLine } from '../terminal/text.ts';
import { moment } from '../terminal/time.ts';
import { examples } from '../usage.ts';

export const command = (cli: Cli): Command =>
  new Command('audit')
    .description('Show who stopped, removed, shared or ran commands in whose run, over all projects, the newest first.')
    .option('--since <time>', 'Only what was done since: 12h, 7d, 4w ago, or a date and time.')
    .option('--until <time>', 'Only what was done until then: the same.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack audit', 'everything'],
        ['dstack audit --since 1d', 'since yesterday'],
        ['dstack audit --since 2026-11-01 --until 2026-11-08', 'in one week'],
      ]),
    )
    .action(async (options: { since?: string; until?: string; json?: boolean }) => {
      const entries = unwrap(await cli.client.call('audit', { ...sinceOption(options.since), ...untilOption(options.until) }));
      if (options.json) return cli.json(entries);
      if (entries.length === 0) return cli.err.line('Nothing was stopped or removed.');
      const lines = table<AuditEntry>({
        rows: entries,
        width: cli.out.columns(),
        titleStyle: (title) => cli.out.style('bold', title),
        columns: [
          { title: 'TIME', value: (entry) => moment(entry.at) },
          { title: 'USER', value: (entry) => oneLine(entry.user), least: 6 },
          { title: 'ACTION', value: (entry) => entry.action },
          { title: 'RUN', value: (entry) => entry.run },
          { title: 'OWNER', value: (entry) => oneLine(entry.owner), least: 6 },
          { title: 'DETAIL', value: (entry) => oneLine(entry.detail), least: 8 },
        ],
      });
      for (const line of lines) cli.out.line(line);
    });
