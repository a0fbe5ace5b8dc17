import { FailureError } from '../../shared/result.ts';
import type { Cli } from '../context.ts';

/** Throws where the daemon is on another machine: `what` (a subject with its verb, "The log is") is there, and `args` say it there. */
export async function onlyThere(cli: Cli, what: string, args: string): Promise<void> {
  if (!cli.client.elsewhere) return;
  const url = cli.env['DSTACK_HOST'] ?? '';
  const { readAddress } = await import('./address.ts');
  const address = readAddress(url);
  if (!address.ok) throw new FailureError(address.failure);
  const { destination, port, home } = address.value;
  const there = `${home === null ? '' : `DSTACK_HOME=${home} `}dstack ${args}`;
  throw new FailureError({
    code: 'other_machine',
    message: `${what} on the machine of the daemon, ${destination} (DSTACK_HOST).`,
    hint: `Do it there: ssh ${port === null ? '' : `-p ${port} `}${destination} ${there}`,
  });
}
