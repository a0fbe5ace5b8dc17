/** `dstack ps`, which is not to be waited for: the table's code is loaded while the daemon answers. */
import type { Run } from '../../shared/api.ts';
import { unwrap } from '../../shared/result.ts';
import type { Cli } from '../context.ts';

/** Prints the project's runs: the unfinished ones, else the last one. */
export async function listRuns(cli: Cli, options: { all?: boolean; json?: boolean }): Promise<void> {
  const answer = cli.client.call('ps', { projectDir: cli.projectOrHere(), ...(options.all && { all: true }) });
  const { runTable } = await import('./run-table.ts');
  const runs = unwrap(await answer);
  if (options.json) return cli.json(runs);
  if (runs.length === 0) return cli.err.line('No runs yet.');
  for (const line of runTable(runs, cli.out, Date.now())) cli.out.line(line);
  await sayHowToOpen(cli, runs);
}

/** Says how URLs of another machine are opened here. */
export async function sayHowToOpen(cli: Cli, runs: Run[]): Promise<void> {
  const { connection } = cli.client;
  if (connection === null) return;
  const { urlHint } = await import('../elsewhere/url-hint.ts');
  const said = urlHint(connection, runs);
  if (said !== null) cli.notice(said);
}
