import { Command } from 'commander';
import type { GpuInfo } from '../../shared/api.ts';
import { unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { gpuTable } from '../gpu-table.ts';
import { oneLine } from '../terminal/text.ts';
import { examples } from '../usage.ts';

export const command = (cli: Cli): Command =>
  new Command('gpus')
    .description('List the GPUs: what they are, how much of them is used, which run has them, and why one is not handed out.')
    .option(
      '--fresh',
      'Ask the driver now (else what it said within gpus.read_every is shown), and give GPUs that are kept back another chance.',
    )
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack gpus', 'who has which GPU?'],
        ['dstack gpus --fresh', 'as they are at this very moment'],
        ["dstack gpus --json | jq '.[] | select(.holder == null).uuid'", 'the free ones'],
      ]),
    )
    .action(async (options: { fresh?: boolean; json?: boolean }) => {
      // a driver in trouble takes up to ten seconds
      const slow = cli.err.isTTY ? setTimeout(() => cli.err.line(cli.err.style('dim', 'Looking at the GPUs…')), 500) : undefined;
      const asked = await cli.client.call('gpus', options.fresh ? { fresh: true } : {}).finally(() => clearTimeout(slow));
      const { gpus, problem }: { gpus: GpuInfo[]; problem: string | null } = unwrap(asked);
      if (options.json) cli.json(gpus);
      else for (const line of gpuTable(gpus, cli.out)) cli.out.line(line);
      // beside the list, so that programs get the list alone
      if (problem !== null) cli.err.line(cli.err.style(gpus.length === 0 ? [] : 'yellow', oneLine(problem)));
    });
