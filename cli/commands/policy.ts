import { Command } from 'commander';
import type { PolicyView } from '../../shared/api.ts';
import { unwrap } from '../../shared/result.ts';
import { formatDuration, formatSize } from '../../shared/units.ts';
import type { Cli } from '../context.ts';
import { printable } from '../terminal/text.ts';
import { examples } from '../usage.ts';

export const command = (cli: Cli): Command =>
  new Command('policy')
    .description('Show what you may have of this machine.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack policy', 'your limits'],
        ['dstack policy --json', 'for programs'],
      ]),
    )
    .action(async (options: { json?: boolean }) => {
      const policy = unwrap(await cli.client.call('policy', {}));
      if (options.json) return cli.json(policy);
      if (policy.file === null)
        return cli.out.line(`There is no policy.yaml: nothing is limited. Your artifacts take ${formatSize(policy.diskUsed)}.`);
      cli.out.line(`${policy.user}, by ${printable(policy.file)}:`);
      for (const [name, value] of rows(policy)) cli.out.line(`  ${name.padEnd(14)}${printable(value)}`);
    });

/** Under the names of the file. */
function rows(policy: PolicyView): [string, string][] {
  const none = 'unlimited';
  const number = (value: number | null): string => (value === null ? none : String(value));
  const size = (value: number | null): string => (value === null ? none : formatSize(value));
  const used = `${formatSize(policy.diskUsed)} used`;
  return [
    ['gpus', number(policy.gpus)],
    ['runs', number(policy.runs)],
    ['disk', `${size(policy.disk)}, ${used}`],
    ['max_duration', policy.maxDuration === null ? none : formatDuration(policy.maxDuration)],
    ['priority', policy.priority === null ? none : `up to ${policy.priority}`],
    ['mount_roots', policy.mountRoots === null ? 'as the config says' : policy.mountRoots.join(', ') || 'none'],
    ['memory', policy.memory === null ? none : `${formatSize(policy.memory)} for a job that names none`],
    ['pids', number(policy.pids)],
  ];
}
