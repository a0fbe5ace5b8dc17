import { Command } from 'commander';
import type { Run } from '../../shared/api.ts';
import { unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { table } from '../terminal/table.ts';
import { oneLine } from '../terminal/text.ts';
import { duration } from '../terminal/time.ts';
import { examples } from '../usage.ts';

export const command = (cli: Cli): Command =>
  new Command('queue')
    .description('List the waiting runs of all projects, the next first, and what each waits for.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack queue', 'who is before me, and why does nothing start?'],
        ["dstack queue --json | jq '.[].name'", 'for programs'],
      ]),
    )
    .action(async (options: { json?: boolean }) => {
      const runs: Run[] = unwrap(await cli.client.call('queue', {}));
      if (options.json) return cli.json(runs);
      if (runs.length === 0) return cli.err.line('Nothing waits.');
      const now = Date.now();
      const lines = table<Run>({
        rows: runs,
        width: cli.out.columns(),
        titleStyle: (title) => cli.out.style('bold', title),
        columns: [
          { title: '#', value: (run) => String(run.position ?? ''), align: 'right' },
          { title: 'RUN', value: (run) => run.name },
          { title: 'OWNER', value: (run) => oneLine(run.user), least: 6 },
          { title: 'WORKFLOW', value: (run) => oneLine(run.workflow ?? run.provider), least: 8 },
          { title: 'WANTS', value: (run) => oneLine(run.wants) + (run.interruptible ? ' (interruptible)' : ''), least: 8 },
          { title: 'PRIORITY', value: (run) => String(run.priority), align: 'right' },
          { title: 'WAITS', value: (run) => duration((now - Date.parse(run.waitingSince ?? run.submittedAt)) / 1000) },
        ],
        note: (run) => (run.reason === null ? null : oneLine(run.reason.replace(/(next|number \d+) in line, /, ''))),
        noteStyle: (note) => cli.out.style('dim', note),
      });
      for (const line of lines) cli.out.line(line);
    });
