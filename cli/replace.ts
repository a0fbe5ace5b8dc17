import { unwrap, type Result } from '../shared/result.ts';
import { askFirst } from './ask-first.ts';
import type { Cli } from './context.ts';
import { canAsk } from './terminal/ask.ts';

type Force = { force?: true };

/** The daemon's failures that `force` overcomes. */
const existing = ['tag_exists', 'secret_exists'];

/** Adds something; when one of its name exists, asks on a terminal whether to replace it. Null: the user said no. */
export async function askToReplace<T>(
  cli: Cli,
  question: string,
  options: { force?: boolean },
  add: (force: Force) => Promise<Result<T>>,
): Promise<T | null> {
  const answer = await add(options.force ? { force: true } : {});
  if (answer.ok || !existing.includes(answer.failure.code) || !canAsk(cli.err)) return unwrap(answer);
  return (await askFirst(cli, question, {})) ? unwrap(await add({ force: true })) : null;
}
