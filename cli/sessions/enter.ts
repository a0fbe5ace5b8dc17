/** What `dstack exec` and `dstack shell` do: a command in a run's container, as if it ran here. */
import type { ExecSignal, ExecStart } from '../../shared/api.ts';
import { unreachable, type Failure } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { openExec, type ExecChannel, type ExecEnding } from './exec-channel.ts';
import { exitCodes } from '../exit-codes.ts';
import { rawTerminal, type RawTerminal } from '../terminal/raw.ts';

export interface EnterOptions extends Omit<ExecStart, 'type' | 'terminal'> {
  run: string;
  /** false: no terminal even if there is one here */
  tty: boolean;
  /** said on a terminal when it has begun */
  greet?: (host: string) => string;
}

const signals = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;
/** Who sends more than these wants to leave a command that does not listen. */
const mostSignals = 3;
const newline = 0x0a;

/** Runs it to its end. Answers the exit status: the command's own, or 125 with the reason on stderr. */
export async function enter(cli: Cli, { run, tty, greet, ...start }: EnterOptions): Promise<number> {
  // says so when there is no such run, and agrees on versions
  const known = await cli.client.call('run', { name: run });
  if (!known.ok) return giveUp(cli, known.failure);
  const onTerminal = tty && process.stdin.isTTY === true && cli.out.isTTY;
  const size = (): { columns: number; rows: number } => ({ columns: cli.out.stream.columns || 80, rows: cli.out.stream.rows || 24 });
  let terminal: RawTerminal | null = null;
  let stopFeeding: (() => void) | null = null;
  let left: number | null = null;
  let midLine = false;

  const channel = await openExec(
    cli.client,
    run,
    { type: 'start', ...start, terminal: onTerminal ? { ...size(), term: cli.env['TERM'] || 'xterm' } : null },
    {
      onStarted: (host) => {
        if (onTerminal && greet) cli.err.line(cli.err.style('dim', greet(host)));
        if (onTerminal) terminal = rawTerminal(cli.out);
        // a terminal whose output goes elsewhere belongs to whoever shows that: `dstack exec … | less`
        const reads = !process.stdin.isTTY || cli.out.isTTY;
        stopFeeding = reads ? feed(channel) : () => {};
        if (!reads) channel.say({ type: 'end' });
      },
      onData: (stderr, data) => {
        terminal?.see(data);
        midLine = data.at(-1) !== newline;
        const { stream } = stderr ? cli.err : cli.out;
        if (stream.write(data)) return true;
        stream.once('drain', () => channel.resume());
        return false;
      },
    },
  );
  const release = onSignals((signal, times) => {
    // a command without a terminal hears what we hear, and decides itself; where our terminal has gone, nobody is left to talk to it
    if (!onTerminal && stopFeeding !== null && signal !== 'SIGHUP' && times <= mostSignals)
      return channel.say({ type: 'signal', signal: signal.slice(3) as ExecSignal });
    left = 128 + signals[signal];
    channel.close();
  });
  const onResize = (): void => channel.say({ type: 'resize', ...size() });
  if (onTerminal) cli.out.stream.on('resize', onResize);
  const ending = await channel.ending;
  release();
  cli.out.stream.off('resize', onResize);
  (stopFeeding as (() => void) | null)?.();
  (terminal as RawTerminal | null)?.restore();
  // what is said next is not part of a prompt
  if (onTerminal && midLine && left === null && (ending.how !== 'exit' || ending.containerEnded)) cli.err.line('');
  return left ?? report(cli, run, ending, start.command === null);
}

/** Gives the command what is typed or piped in here, up to its end, or until the answered function is called. */
function feed(channel: ExecChannel): () => void {
  const { stdin } = process;
  let over = false;
  const onData = (data: Buffer): void => {
    stdin.pause();
    void channel.send(data).then(() => over || stdin.resume());
  };
  const onEnd = (): void => channel.say({ type: 'end' });
  stdin.on('data', onData).on('end', onEnd).on('error', onEnd);
  return () => {
    over = true;
    stdin.off('data', onData).off('end', onEnd);
    stdin.pause();
    // what is still to come from a pipe keeps nobody here; a file has no such thing
    if ('unref' in stdin) stdin.unref();
  };
}

/** Takes the signals over until the answered function is called. `times`: how many there have been. */
function onSignals(take: (signal: keyof typeof signals, times: number) => void): () => void {
  let times = 0;
  const names = Object.keys(signals) as (keyof typeof signals)[];
  const listener = (signal: keyof typeof signals): void => take(signal, ++times);
  for (const name of names) process.on(name, listener);
  return () => {
    for (const name of names) process.off(name, listener);
  };
}

function giveUp(cli: Cli, failure: Failure): number {
  cli.complain(failure);
  return exitCodes.notEntered;
}

/** Says how it ended where that is not plain, and answers the exit status. */
function report(cli: Cli, run: string, ending: ExecEnding, isShell: boolean): number {
  const again = isShell ? `Come back with: dstack shell ${run}` : `See how it is: dstack ps ${run}`;
  switch (ending.how) {
    case 'exit':
      if (ending.containerEnded)
        cli.err.line(`${run} has ended, and with it ${isShell ? 'this shell' : 'this command'}. See: dstack ps ${run}`);
      return ending.exitCode ?? exitCodes.notEntered;
    case 'failed':
      if (!ending.begun) return giveUp(cli, ending.failure);
      return giveUp(cli, { hint: again, ...ending.failure });
    case 'lost':
      if (!ending.begun)
        return giveUp(cli, { code: 'daemon_gone', message: 'The daemon went away before the command began.', hint: again });
      return giveUp(cli, {
        code: 'daemon_gone',
        message: `The daemon went away, which ends ${isShell ? 'this shell' : 'this command'}; the run ${run} goes on.`,
        hint: again,
      });
    default:
      return unreachable(ending);
  }
}
