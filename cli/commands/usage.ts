import { Command } from 'commander';
import type { Usage } from '../../shared/api.ts';
import { unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { sinceOption } from '../since-option.ts';
import { table } from '../terminal/table.ts';
import { oneLine } from '../terminal/text.ts';
import { examples, usageError } from '../usage.ts';

const keys = ['user', 'project', 'workflow', 'run'] as const;

export const command = (cli: Cli): Command =>
  new Command('usage')
    .description('Show who or what has used how many GPU-hours, over all projects; removed runs count too.')
    .option('--by <what>', `One line for each ${keys.slice(0, -1).join(', ')} or ${keys.at(-1)}.`, 'user')
    .option('--since <time>', 'Only what was used since: 12h, 7d, 4w ago, or a date and time.')
    .option('--json', 'Print JSON.')
    .addHelpText('after', '\nHOURS are those that containers ran; GPU-HOURS are these by their GPUs.\nWhat runs now counts up to now.')
    .addHelpText(
      'after',
      examples([
        ['dstack usage', 'by user, ever'],
        ['dstack usage --since 7d', 'in the last week'],
        ['dstack usage --by workflow --since 2026-11-01', 'what the time went into'],
      ]),
    )
    .action(async (options: { by: string; since?: string; json?: boolean }) => {
      const by = keys.find((key) => key === options.by);
      if (!by) throw usageError(`--by takes ${keys.join(', ')}; not '${options.by}'.`, null);
      const usages = unwrap(await cli.client.call('usage', { by, ...sinceOption(options.since) }));
      if (options.json) return cli.json(usages);
      if (usages.length === 0) return cli.err.line('Nothing was used.');
      const lines = table<Usage>({
        rows: usages,
        width: cli.out.columns(),
        titleStyle: (title) => cli.out.style('bold', title),
        columns: [
          { title: by.toUpperCase(), value: (usage) => oneLine(usage.key), least: 10 },
          { title: 'GPU-HOURS', value: (usage) => hours(usage.gpuHours), align: 'right' },
          { title: 'HOURS', value: (usage) => hours(usage.hours), align: 'right' },
          ...(by === 'run' ? [] : [{ title: 'RUNS', value: (usage: Usage) => String(usage.runs), align: 'right' as const }]),
        ],
      });
      for (const line of lines) cli.out.line(line);
    });

/** `0.03`, `12.5`, `340`: three digits, and small amounts are not nothing. */
const hours = (value: number): string =>
  value === 0 ? '0' : value < 0.01 ? '<0.01' : value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0);
