import { Command } from 'commander';
import { resolve } from 'node:path';
import { unwrap } from '../../shared/result.ts';
import { formatSize } from '../../shared/units.ts';
import { artifactTable } from '../artifacts/table.ts';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { printable } from '../terminal/text.ts';
import { examples } from '../usage.ts';

interface DownloadOptions {
  output: string;
  json?: boolean;
}

export const command = (cli: Cli): Command =>
  new Command('artifacts')
    .description('List or download what a run saved.')
    .addHelpText(
      'after',
      examples([
        ['dstack artifacts list calm-otter-3', 'the files of a run'],
        ['dstack artifacts download :best -o out', 'the files of a tag, into out/'],
      ]),
    )
    .addCommand(list(cli))
    .addCommand(download(cli));

const list = (cli: Cli): Command =>
  new Command('list')
    .description('List the files that a run saved.')
    .argument('<run|:tag>', "a run's name, or a tag with its colon")
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack artifacts list calm-otter-3', 'of a run'],
        ['dstack artifacts list :best --json', 'of a tag, for programs'],
      ]),
    )
    .action(async (target: string, options: { json?: boolean }) => {
      const files = unwrap(await cli.client.call('artifactsList', { projectDir: cli.projectOrHere(), target }));
      if (options.json) return cli.json(files);
      if (files.length === 0) return cli.err.line(`${target} has saved no files.`);
      for (const line of artifactTable(files, cli.out)) cli.out.line(line);
    });

const download = (cli: Cli): Command =>
  new Command('download')
    .description('Download the files that a run saved, under the paths they were saved at.')
    .argument('<run|:tag>', "a run's name, or a tag with its colon")
    .option('-o, --output <dir>', 'Where to put them; files that are there are replaced.', '.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack artifacts download calm-otter-3', 'here'],
        ['dstack artifacts download :best -o out', 'into out/'],
      ]),
    )
    .action(async (target: string, options: DownloadOptions) => {
      const { downloadWithProgress } = await import('../artifacts/progress.ts');
      const dir = resolve(cli.cwd, options.output);
      const done = await downloadWithProgress(cli, target, dir);
      // the status says by which signal
      if (!done.ok && cli.exitCode !== exitCodes.ok) return cli.complain(done.failure);
      const { files, bytes, refused } = unwrap(done);
      if (options.json) cli.json({ dir, files, bytes, refused });
      else cli.out.line(`${files} ${files === 1 ? 'file' : 'files'} (${formatSize(bytes)}) in ${printable(dir)}`);
      for (const sentence of refused) cli.err.line(cli.err.style('yellow', printable(sentence)));
      if (refused.length > 0) cli.exitCode = exitCodes.failure;
    });
