/** Somebody runs a workflow where there is no project: on a terminal they are offered a first workflow file, elsewhere told how to make one. */
import { FailureError } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { firstWorkflows, writeFirstWorkflows, type FirstWorkflows } from './template.ts';
import { canAsk, confirm } from '../terminal/ask.ts';

/** What was written, if they wanted it; null: they were not asked, or did not. */
export async function offerFirstWorkflows(cli: Cli): Promise<FirstWorkflows | null> {
  if (cli.project().ok || !canAsk(cli.err)) return null;
  const { names, found } = firstWorkflows(cli.cwd);
  cli.err.line(`There is no .dstack/workflows.yaml in ${cli.cwd} or above it.`);
  const from = found.length === 0 ? '' : `, made from ${found.join(', ')}`;
  if (!(await confirm(cli.err, `Write a first one here (${names.join(', ')}${from})?`))) return null;
  const written = writeFirstWorkflows(cli.cwd);
  cli.err.line(`Wrote .dstack/workflows.yaml, with comments on what else it may say.`);
  cli.err.line(`Run it: dstack run ${written.names[0]}`);
  return written;
}

/**
 * Takes up what a submit failed with: where there is no such workflow for want of a project, one is offered, and submitted if it is the one that was asked for;
 * null: a file was written, and there is nothing to run. Any other error is thrown again.
 */
export async function afterNoProject<T>(cli: Cli, target: string, error: unknown, again: () => Promise<T>): Promise<T | null> {
  if (!(error instanceof FailureError) || error.failure.code !== 'no_such_workflow' || cli.project().ok) throw error;
  const written = await offerFirstWorkflows(cli);
  if (written?.names.includes(target)) return again();
  if (written !== null) return null;
  throw new FailureError({
    code: 'no_project',
    message: `There is no workflow '${target}', since there is no .dstack/workflows.yaml in ${cli.cwd} or above it.`,
    hint: "`dstack init` writes a first one here. Without one: dstack run bash -c 'COMMAND'",
  });
}
