import { Command } from 'commander';
import type { DiskUse } from '../../shared/api.ts';
import { unwrap } from '../../shared/result.ts';
import { formatSize } from '../../shared/units.ts';
import type { Cli } from '../context.ts';
import { table } from '../terminal/table.ts';
import { examples } from '../usage.ts';

export const command = (cli: Cli): Command =>
  new Command('df')
    .description('Show what takes how much of the disk, and how much of it `dstack gc` would free.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack df', 'for people'],
        ['dstack df --json', 'in bytes, for programs'],
      ]),
    )
    .action(async (options: { json?: boolean }) => {
      const uses = unwrap(await cli.client.call('df', {}));
      if (options.json) return cli.json(uses);
      const lines = table<DiskUse>({
        rows: uses,
        width: cli.out.columns(),
        titleStyle: (title) => cli.out.style('bold', title),
        columns: [
          { title: 'KIND', value: (use) => use.kind },
          { title: 'SIZE', value: (use) => formatSize(use.bytes), align: 'right' },
          { title: 'RECLAIMABLE', value: (use) => formatSize(use.reclaimable), align: 'right' },
          { title: 'ITEMS', value: (use) => String(use.items), align: 'right' },
        ],
      });
      for (const line of lines) cli.out.line(line);
    });
