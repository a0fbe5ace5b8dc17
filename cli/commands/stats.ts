import { Command } from 'commander';
import type { Stats } from '../../shared/api.ts';
import { isEnded } from '../../shared/states.ts';
import { unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { statsView } from '../stats-view.ts';
import { showsUnicode } from '../terminal/sparkline.ts';
import { examples, wholeNumber } from '../usage.ts';

export const command = (cli: Cli): Command =>
  new Command('stats')
    .description('Show what a run has used over time: GPUs, CPU, memory.')
    .argument('<run>', 'its name')
    .option('--attempt <n>', 'This attempt, instead of the latest.', wholeNumber(1))
    .option('--node <n>', 'That of this node, instead of the master. (torchrun)', wholeNumber(0))
    .option('--json', 'Print JSON: every sample.')
    .addHelpText(
      'after',
      examples([
        ['dstack stats calm-otter-3', 'charts from its start to now'],
        ['dstack stats calm-otter-3 --attempt 1', 'before it was interrupted'],
        ["dstack stats calm-otter-3 --json | jq '.samples[-1]'", 'the last sample'],
      ]),
    )
    .action(async (name: string, options: { attempt?: number; node?: number; json?: boolean }) => {
      const { attempt, node } = options;
      const asked = { ...(attempt !== undefined && { attempt }), ...(node !== undefined && { node }) };
      const stats = unwrap(await cli.client.call('stats', { name, ...asked }));
      if (options.json) return cli.json(stats);
      if (stats.nodes !== undefined && node === undefined) cli.err.line(`Of node 0, the master, of ${stats.nodes}: --node shows another.`);
      if (stats.samples.length === 0) return cli.err.line(whyNone(stats));
      for (const line of statsView(stats, cli.out.columns() ?? 80, showsUnicode(cli.env))) cli.out.line(line);
    });

function whyNone({ run, attempt, status }: Stats): string {
  if (isEnded(status) || status === 'interrupted')
    return `There are no samples of attempt ${attempt} of ${run}: it was short, or they were collected with its log.`;
  if (status === 'queued' || status === 'preparing') return `${run} has not begun to run: there are no samples yet.`;
  return `${run} has just begun to run: there are no samples yet.`;
}
