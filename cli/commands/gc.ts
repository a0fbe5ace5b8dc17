import { Command } from 'commander';
import type { Freed } from '../../shared/api.ts';
import { unwrap } from '../../shared/result.ts';
import { formatSize } from '../../shared/units.ts';
import type { Cli } from '../context.ts';
import { table } from '../terminal/table.ts';
import { examples } from '../usage.ts';

interface GcOptions {
  dryRun?: boolean;
  json?: boolean;
}

export const command = (cli: Cli): Command =>
  new Command('gc')
    .description('Free what nothing needs any more: of removed runs, and what is older than the config keeps. Tags protect.')
    .option('--dry-run', 'Only say what would go.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack gc --dry-run', 'what would go'],
        ['dstack gc', 'let it go'],
      ]),
    )
    .action(async (options: GcOptions) => {
      const freed = unwrap(await cli.client.call('gc', { ...(options.dryRun && { dryRun: true }) }));
      if (options.json) return cli.json(freed);
      const rows = freed.filter((kind) => kind.items > 0);
      if (rows.length === 0) return cli.out.line('There is nothing to free.');
      const lines = table<Freed>({
        rows,
        width: cli.out.columns(),
        titleStyle: (title) => cli.out.style('bold', title),
        columns: [
          { title: 'KIND', value: (kind) => kind.kind },
          { title: options.dryRun ? 'WOULD FREE' : 'FREED', value: (kind) => formatSize(kind.bytes), align: 'right' },
          { title: 'ITEMS', value: (kind) => String(kind.items), align: 'right' },
        ],
      });
      for (const line of lines) cli.out.line(line);
    });
