import { Command } from 'commander';
import type { Check } from '../../shared/api.ts';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { localChecks } from '../service/local-checks.ts';
import { printable } from '../terminal/text.ts';
import { examples } from '../usage.ts';

const marks = { ok: ['green', '✓'], warning: ['yellow', '!'], error: ['red', '✗'] } as const;

export const command = (cli: Cli): Command =>
  new Command('doctor')
    .description('Check everything that a run needs, and say how to mend it. Exit status 1 when something is broken.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack doctor', 'for people'],
        ['dstack doctor --json', 'for programs'],
      ]),
    )
    .action(async (options: { json?: boolean }) => {
      const asked = await cli.client.call('doctor', {});
      const checks = asked.ok ? asked.value : localChecks(cli.client.elsewhere ? null : cli.home, cli.env, asked.failure);
      if (checks.some((check) => check.status === 'error')) cli.exitCode = exitCodes.failure;
      if (options.json) return cli.json(checks);
      for (const line of checks.flatMap((check) => lines(cli, check))) cli.out.line(line);
    });

function lines(cli: Cli, check: Check): string[] {
  const [colour, mark] = marks[check.status];
  const first = `${cli.out.style(colour, mark)} ${cli.out.style('bold', check.name)}: ${printable(check.message)}`;
  return check.fix === null ? [first] : [first, `  ${printable(check.fix).replaceAll('\n', '\n  ')}`];
}
