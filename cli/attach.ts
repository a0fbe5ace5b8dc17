/** An attached run: what it waits for, then what it prints, then how it ended as the exit status. */
import type { Run } from '../shared/api.ts';
import { unreachable, unwrap } from '../shared/result.ts';
import type { Cli } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { follow } from './follow.ts';
import { handleInterrupts } from './interrupt.ts';
import { LogView } from './log-view.ts';
import { canAsk } from './terminal/ask.ts';
import { StatusLine } from './terminal/status-line.ts';

/** Follows the run to its end, or until the user leaves it. Answers the exit status. */
export async function attach(cli: Cli, name: string): Promise<number> {
  const view = new LogView(cli.out, true);
  const status = new StatusLine(cli.err);
  const leaving = new AbortController();
  let exitCode: number | null = null;
  let asked: PromiseWithResolvers<void> | null = null;
  let waiting: string | null = null;
  const say = (text: string): void => {
    status.clear();
    view.freshLine();
    cli.err.line(cli.err.style('dim', text));
  };
  const before = cli.notice;
  cli.notice = say;
  const release = handleInterrupts({
    err: cli.err,
    interactive: canAsk(cli.err),
    onAsk: () => {
      status.clear();
      view.freshLine();
      cli.err.stream.write('\r\x1b[K'); // the ^C that the terminal echoed
      asked = Promise.withResolvers();
    },
    onAnswered: () => {
      asked?.resolve();
      asked = null;
      if (waiting !== null) status.show(waiting);
    },
    stop: (abort) => cli.client.call('stop', { names: [name], projectDir: cli.projectOrHere(), abort }),
    say,
    complain: cli.complain,
    leave: (code) => {
      exitCode = code;
      leaving.abort();
    },
  });
  const ended = await follow(
    cli.client,
    { name, follow: true },
    {
      onRun: (run) => {
        waiting = waitingFor(run);
        if (asked !== null) return;
        if (waiting === null) return status.clear();
        view.freshLine();
        status.show(waiting);
      },
      onData: async (chunk) => {
        if (asked !== null) await asked.promise;
        status.clear();
        await view.write(chunk);
      },
    },
    leaving.signal,
  );
  release();
  cli.notice = before;
  status.clear();
  await view.end();
  const run = unwrap(ended);
  if (run !== null) return report(cli, run);
  cli.err.line(`${name} goes on. \`dstack logs -f ${name}\` shows it, \`dstack stop ${name}\` stops it.`);
  return exitCode ?? exitCodes.failure;
}

/** What to show while nothing is printed; null: it prints, or has ended. */
function waitingFor(run: Run): string | null {
  switch (run.status) {
    case 'queued':
    case 'preparing':
    case 'stopping':
    case 'interrupted':
      return `${run.name} ${run.status}${run.reason ? `: ${run.reason}` : ''}`;
    case 'running':
    case 'done':
    case 'failed':
    case 'stopped':
    case 'aborted':
      return null;
    default:
      return unreachable(run.status);
  }
}

/** Says how it ended where that is not plain, and answers the exit status. */
function report(cli: Cli, run: Run): number {
  if (run.status === 'done') return run.exitCode ?? exitCodes.ok;
  const why = run.reason ?? (run.exitCode === null ? null : `exit code ${run.exitCode}`);
  cli.complain({ code: run.status, message: `${run.name} ${run.status}${why === null ? '' : `: ${why}`}` });
  if (run.status === 'stopped' || run.status === 'aborted') return exitCodes.interrupted;
  return run.exitCode || exitCodes.failure;
}
