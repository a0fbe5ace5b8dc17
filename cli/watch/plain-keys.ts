import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { listenForKeys, type Keys } from './keys.ts';
import { hearsKeys } from './welcome.ts';

/** The keys of a run that was joined and is no watch: what is typed is not mixed with its output, and some of it is answered. Null: nobody types. */
export function plainKeys(cli: Cli, { say, leave }: { say(text: string): void; leave(exitCode: number): void }): Keys | null {
  if (!hearsKeys(cli)) return null;
  const take = (key: string): void => {
    if (key === 'd') leave(exitCodes.ok);
    else if (key === '?' || key === 'h') say('d detaches; Ctrl+C asks whether to stop it; Ctrl+Z suspends this view.');
  };
  return listenForKeys(cli.out, take, () => undefined);
}
