import { Command } from 'commander';
import type { Environment } from '../../shared/api.ts';
import { unwrap } from '../../shared/result.ts';
import { firstLine, formatSize } from '../../shared/units.ts';
import { askFirst } from '../ask-first.ts';
import { attach } from '../runs/attach.ts';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../terminal/table.ts';
import { oneLine } from '../terminal/text.ts';
import { ago } from '../terminal/time.ts';
import { examples, usageError } from '../usage.ts';
import { warn } from '../runs/warn.ts';

const notes = `
What \`requirements\` and \`before_run\` (or \`setup\`) install is kept: the first run
builds an environment, later ones start from it. Another image, another content
of the requirements or another set-up makes another one.`;

export const command = (cli: Cli): Command =>
  new Command('env')
    .description('Cached environments: images with what workflows install.')
    .addHelpText('after', notes)
    .addHelpText(
      'after',
      examples([
        ['dstack env', 'lists them'],
        ['dstack env build train', 'builds what runs of `train` start from, now'],
        ['dstack env rm 3f2a9c', 'removes one, by the beginning of its key'],
        ['dstack env rm --all', 'removes all that no run uses'],
      ]),
    )
    .addCommand(list(cli), { isDefault: true })
    .addCommand(build(cli))
    .addCommand(remove(cli));

const list = (cli: Cli): Command =>
  new Command('list')
    .description('List them, those used last first.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack env list', 'for people'],
        ['dstack env list --json', 'for programs'],
      ]),
    )
    .action(async (options: { json?: boolean }) => {
      const environments = unwrap(await cli.client.call('envList', {}));
      if (options.json) return cli.json(environments);
      if (environments.length === 0) return cli.err.line('No environments yet.');
      const now = Date.now();
      const lines = table<Environment>({
        rows: environments,
        width: cli.out.columns(),
        titleStyle: (title) => cli.out.style('bold', title),
        columns: [
          { title: 'KEY', value: ({ key }) => key.slice(0, 12), least: 12 },
          { title: 'IMAGE', value: ({ image }) => oneLine(image), least: 10 },
          { title: 'CONTENT', value: contentOf, least: 12 },
          { title: 'SIZE', value: ({ size }) => formatSize(size), align: 'right' },
          { title: 'USED', value: ({ lastUsedAt }) => ago(Date.parse(lastUsedAt), now) },
          { title: 'RUNS', value: ({ runs }) => runs.join(' '), least: 8 },
        ],
        note: ({ again }) => (again ? `its commands run again in every job: ${oneLine(again)}` : null),
        noteStyle: (note) => cli.out.style('dim', note),
      });
      for (const line of lines) cli.out.line(line);
    });

/** The first of its commands (of several lines, the first), and how many there are more. */
const contentOf = ({ commands }: Environment): string =>
  `${oneLine(firstLine(commands[0] ?? ''))}${commands.length > 1 ? ` (+${commands.length - 1})` : ''}`;

const build = (cli: Cli): Command =>
  new Command('build')
    .description('Build what the runs of a workflow start from, and show the output.')
    .argument('<workflow>', 'a workflow of the project, or a provider')
    .option('-r, --requirements <file>', 'Install this requirements file.')
    .option('--python <version>', 'The version of Python.')
    .addHelpText(
      'after',
      examples([
        ['dstack env build train', 'exits with the code of what failed, or 0'],
        ['dstack env build bash -r requirements.txt', 'without a workflow file'],
      ]),
    )
    .action(async (target: string, overrides: { requirements?: string; python?: string }) => {
      const { submit } = await import('./run.ts');
      const { columns, rows } = cli.out.stream;
      const { run, warnings } = await submit(cli, {
        requestId: process.getBuiltinModule('node:crypto').randomUUID(),
        projectDir: cli.projectOrHere(),
        target,
        overrides,
        args: [],
        buildOnly: true,
        ...(cli.out.isTTY && columns > 0 && rows > 0 && { terminal: { columns, rows } }),
      });
      warn(cli, warnings);
      cli.err.line(cli.err.style('dim', run.name));
      cli.exitCode = await attach(cli, run.name);
      if (cli.exitCode !== exitCodes.ok) return;
      const { status, environmentKey } = unwrap(await cli.client.call('run', { name: run.name }));
      if (status === 'done' && environmentKey !== null) cli.err.line(`The environment ${environmentKey.slice(0, 12)} is ready.`);
    });

const remove = (cli: Cli): Command =>
  new Command('rm')
    .description('Remove environments that no unfinished run starts from.')
    .argument('[keys...]', 'keys, or their beginnings')
    .option('--all', 'All of them.')
    .option('-y, --yes', 'Do not ask.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack env rm 3f2a9c', 'one'],
        ['dstack env rm --all -y', 'all, without asking'],
      ]),
    )
    .action(async (keys: string[], options: { all?: boolean; yes?: boolean; json?: boolean }) => {
      if (keys.length === 0 && !options.all) throw usageError('Which environments?', 'Name their keys, or say --all. See: dstack env list');
      if (options.all && !(await askFirst(cli, 'Remove all environments that no run uses?', options))) return;
      const answer = unwrap(await cli.client.call('envRm', { keys, ...(options.all && { all: true }) }));
      if (options.json) return cli.json(answer);
      for (const key of answer.removed) cli.out.line(`${key.slice(0, 12)} removed`);
      for (const { key, why } of answer.kept) cli.err.line(`${key.slice(0, 12)} stays: ${why}`);
      if (answer.removed.length > 0) cli.err.line(`${formatSize(answer.bytes)} freed`);
      if (answer.kept.length > 0 && !options.all) cli.exitCode = exitCodes.failure;
    });
