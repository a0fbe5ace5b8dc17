import { Command } from 'commander';
import type { Run } from '../../shared/api.ts';
import { ok, unwrap, type Result } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { follow, goneSentence } from '../follow.ts';
import { followRun } from '../follow-run.ts';
import { NodesView } from '../nodes-view.ts';
import { since } from '../terminal/time.ts';
import { examples, usageError, wholeNumber } from '../usage.ts';

interface LogsOptions {
  follow?: boolean;
  since?: string;
  attempt?: number;
  node?: number;
}

export const command = (cli: Cli): Command =>
  new Command('logs')
    .description(
      "Print a run's output: of its attempts the newest that has any. Of progress bars only the last state, unless followed on a terminal.",
    )
    .argument('<run>', 'its name')
    .option('-f, --follow', 'Go on until the run ends, with its further attempts.')
    .option('--attempt <n>', 'That of this attempt (`dstack ps RUN` lists them).', wholeNumber(1))
    .option('--node <n>', 'That of this node alone, as it is. (torchrun)', wholeNumber(0))
    .option('-s, --since <time>', 'Only what was printed since: 10m, 2h, 1d, 1w ago, or a date and time.')
    .addHelpText(
      'after',
      examples([
        ['dstack logs calm-otter-3', 'all of it'],
        ['dstack logs -f calm-otter-3', 'and what is still to come'],
        ['dstack logs --attempt 1 calm-otter-3', 'before it failed, or made room'],
        ['dstack logs --node 1 calm-otter-3', 'of several nodes only this one'],
        ['dstack logs -s 10m calm-otter-3', 'the last ten minutes'],
        ['dstack logs -s 2026-11-02T14:00 calm-otter-3', 'since then'],
      ]),
    )
    .action(async (name: string, options: LogsOptions) => {
      const from = options.since === undefined ? undefined : since(options.since, Date.now());
      if (from === null)
        throw usageError(`--since takes 30s, 10m, 2h, 1d, 1w, or a time such as 2026-11-02T14:00; not '${options.since}'.`);
      // says so when there is no such run, and agrees on versions
      const { nodes = 1 } = unwrap(await cli.client.call('run', { name }));
      const { attempt, node } = options;
      const view = new NodesView(cli.out, options.follow === true);
      const request = {
        name,
        follow: options.follow === true,
        ...(from !== undefined && { since: from }),
        ...(attempt !== undefined && { attempt }),
      };
      const { signal } = new AbortController();
      const here = options.follow ? await (await import('../elsewhere/serve-here.ts')).serveHere(cli) : null;
      const onRun = (run: Run): void => here?.onRun(run);
      const onGone = (): void => cli.notice(goneSentence);
      const one = (of: number, among: number) =>
        follow(cli.client, { ...request, ...(of > 0 && { node: of }) }, { onRun, onData: (chunk) => view.write(of, chunk, among) }, signal);
      let read: Result<unknown> = ok(null);
      if (node !== undefined) read = await one(node, 1);
      else if (options.follow)
        read = await followRun(cli.client, request, { onRun, onGone, onData: (...data) => view.write(...data) }, signal);
      // what there is, node by node
      else
        for (let of = 0; of < nodes && read.ok; of++) {
          read = await one(of, nodes);
          view.endOf(of);
        }
      await here?.end();
      await view.end();
      unwrap(read);
    });
