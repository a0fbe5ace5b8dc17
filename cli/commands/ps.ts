import { Command } from 'commander';
import { unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { listRuns, sayHowToOpen } from '../runs/list-runs.ts';
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
        const log = culprit === null ? [] : await (await import('../logs/culprit-log.ts')).lastLines(cli.client, name, culprit);
        const { runStory } = await import('../runs/run-story.ts');
        for (const line of runStory(run, cli.out, Date.now(), log)) cli.out.line(line);
        return sayHowToOpen(cli, [run]);
      }
      await listRuns(cli, options);
    });
