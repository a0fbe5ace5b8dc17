import { Command } from 'commander';
import type { Run } from '../../shared/api.ts';
import { unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { runStory } from '../run-story.ts';
import { runTable } from '../run-table.ts';
import { examples } from '../usage.ts';

interface PsOptions {
  all?: boolean;
  json?: boolean;
}

export const command = (cli: Cli): Command =>
  new Command('ps')
    .description("List the project's runs: the unfinished ones, else the last one.")
    .argument('[run]', 'show everything about this run')
    .option('-a, --all', 'All runs, newest first.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack ps', 'what is going on'],
        ['dstack ps -a', 'all runs of the project'],
        ['dstack ps calm-otter-3', 'what that run was, in full'],
        ["dstack ps -a --json | jq '.[].name'", 'for programs'],
      ]),
    )
    .action(async (name: string | undefined, options: PsOptions) => {
      if (name !== undefined) {
        const run = unwrap(await cli.client.call('run', { name }));
        if (options.json) return cli.json(run);
        const culprit = run.culprit ?? null;
        const log = culprit === null ? [] : await (await import('../culprit-log.ts')).lastLines(cli.client, name, culprit);
        for (const line of runStory(run, cli.out, Date.now(), log)) cli.out.line(line);
        return hint(cli, [run]);
      }
      const runs: Run[] = unwrap(await cli.client.call('ps', { projectDir: cli.projectOrHere(), ...(options.all && { all: true }) }));
      if (options.json) return cli.json(runs);
      if (runs.length === 0) return cli.err.line('No runs yet.');
      for (const line of runTable(runs, cli.out, Date.now())) cli.out.line(line);
      await hint(cli, runs);
    });

/** Says how URLs of another machine are opened here. */
async function hint(cli: Cli, runs: Run[]): Promise<void> {
  const { connection } = cli.client;
  if (connection === null) return;
  const { urlHint } = await import('../elsewhere/url-hint.ts');
  const said = urlHint(connection, runs);
  if (said !== null) cli.notice(said);
}
