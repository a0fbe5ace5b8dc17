/** An attached run: what it waits for, then what it prints, then how it ended as the exit status. */
import type { Run } from '../../shared/api.ts';
import { unreachable, unwrap } from '../../shared/result.ts';
import { createAnnouncer } from './announce.ts';
import type { Cli } from '../context.ts';
import { doing, isBrief } from './doing.ts';
import { exitCodes } from '../exit-codes.ts';
import { goneSentence } from '../logs/follow.ts';
import { followRun } from '../logs/follow-run.ts';
import { handleInterrupts } from './interrupt.ts';
import { LastLines } from '../logs/last-lines.ts';
import { nextStep } from './next-step.ts';
import { NodesView } from '../logs/nodes-view.ts';
import { canAsk } from '../terminal/ask.ts';
import { tellSize } from './tell-size.ts';
import { StatusLine } from '../terminal/status-line.ts';
import { printable, wrap } from '../terminal/text.ts';
import type { Keys } from '../watch/keys.ts';
import type { AttachedWatch } from '../watch/attached-watch.ts';

interface AttachOptions {
  /** open what it serves in the browser */
  open?: boolean;
  /** it is a watch */
  watch?: boolean;
  /** the daemon has not been told of this terminal's size */
  tells?: boolean;
  /** it was submitted elsewhere: a good end is said, too */
  joins?: boolean;
  /** of what was printed before, only about so many lines; absent: all */
  lines?: number;
}

/** Follows the run to its end, or until the user leaves it. Answers the exit status. */
export async function attach(
  cli: Cli,
  name: string,
  { open = false, watch = false, joins = false, tells = joins, lines }: AttachOptions = {},
): Promise<number> {
  const view = new NodesView(cli.out, true);
  const status = new StatusLine(cli.err, () => view.begun());
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
  let watched: AttachedWatch | null = null;
  let keys: Keys | null = null;
  const interrupts = handleInterrupts({
    err: cli.err,
    interactive: canAsk(cli.err),
    ...(watch && { question: 'stop the watch, detach or keep going? [s/d/k] ' }),
    onAsk: () => {
      watched?.quiet(true);
      keys?.pause();
      status.clear();
      view.freshLine();
      cli.err.stream.write('\r\x1b[K'); // the ^C that the terminal echoed
      asked = Promise.withResolvers();
    },
    onAnswered: () => {
      asked?.resolve();
      asked = null;
      keys?.resume();
      if (watched !== null) watched.quiet(false);
      else if (waiting !== null) status.show(waiting);
    },
    stop: (abort) => cli.client.call('stop', { names: [name], projectDir: cli.projectOrHere(), abort }),
    say,
    complain: cli.complain,
    leave: (code) => {
      exitCode = code;
      leaving.abort();
    },
  });
  const announcer = createAnnouncer(cli, { open, status, freshLine: () => view.freshLine(), quiet: () => asked !== null });
  if (watch) {
    const { attachWatch } = await import('../watch/attached-watch.ts');
    const busy = (): boolean => announcer.starting();
    watched = attachWatch(cli, name, { view, status, say, busy, leave: interrupts.leave, stop: interrupts.stop });
  }
  if (!watch && joins) keys = (await import('../watch/plain-keys.ts')).plainKeys(cli, { say, leave: interrupts.leave });
  const { connection } = cli.client;
  const forwards =
    connection === null ? null : (await import('../elsewhere/forwards.ts')).createForwards(connection, (sentence) => cli.notice(sentence));
  let over = false;
  const announce = (run: Run): void => {
    if (forwards === null) return announcer.onRun(run);
    void forwards.of(run).then((here) => over || announcer.onRun(here));
  };
  const resizes = tellSize(cli, name, { now: tells });
  const end = lines === undefined ? null : new LastLines(lines);
  const ended = await followRun(
    cli.client,
    { name, follow: true, ...(end !== null && { tail: end.bytes }) },
    {
      onRun: (run) => {
        announce(run);
        if (watched !== null) return watched.onRun(run);
        waiting = waitingFor(run, cli.err.isTTY);
        if (asked !== null) return;
        if (waiting === null) return announcer.starting() ? undefined : status.clear();
        view.freshLine();
        status.show(waiting);
      },
      onGone: () => {
        watched?.onGone();
        cli.notice(goneSentence);
      },
      onOffset: (node, offset, attempt) => {
        end?.onOffset(node, offset);
        watched?.onOffset(node, attempt);
      },
      onData: async (node, data, nodes) => {
        if (asked !== null) await asked.promise;
        const chunk = end === null ? data : end.take(node, data);
        if (watched !== null) return watched.onData(node, chunk, nodes);
        status.clear();
        keys?.see(chunk);
        await view.write(node, chunk, nodes);
      },
    },
    leaving.signal,
  );
  over = true;
  resizes();
  interrupts.release();
  keys?.end();
  await watched?.end();
  announcer.end();
  await forwards?.end();
  cli.notice = before;
  status.clear();
  await view.end();
  const run = unwrap(ended);
  if (run !== null) {
    if (watch && run.status === 'stopped') return reportWatch(cli, name);
    if (joins && run.status === 'done') cli.err.line(cli.err.style('dim', `${name} is done.`));
    const code = report(cli, run);
    if (run.status === 'failed' && (run.nodes ?? 1) > 1) await showCulprit(cli, name);
    return code;
  }
  if (watched?.sees()) cli.err.line('Nobody watches its files now: what changes is seen when somebody attaches from here again.');
  cli.err.line(wrap(`${name} goes on. \`dstack attach ${name}\` shows it, \`dstack stop ${name}\` stops it.`, cli.err.columns()));
  return exitCode ?? exitCodes.failure;
}

/** What to show while nothing is printed; null: it prints, or has ended. */
function waitingFor(run: Run, isTTY: boolean): string | null {
  switch (run.status) {
    case 'queued':
    case 'preparing':
    case 'stopping':
    case 'interrupted':
      return !isTTY && isBrief(run) ? null : `${run.name} ${doing(run)}`;
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

/** The last words of the node for whose failure the others were ended: among theirs they are hard to find. */
async function showCulprit(cli: Cli, name: string): Promise<void> {
  const detail = await cli.client.call('run', { name });
  const culprit = detail.ok ? (detail.value.culprit ?? null) : null;
  if (culprit === null) return;
  const { lastLines } = await import('../logs/culprit-log.ts');
  const lines = await lastLines(cli.client, name, culprit);
  if (lines.length === 0) return cli.err.line(`The node ${culprit} has printed nothing.`);
  cli.err.line(`The last lines of node ${culprit}:`);
  for (const line of lines) cli.err.line(`  ${printable(line)}`);
}

/** How a watch ended that somebody stopped: by its last attempt, if that had come to its own end. */
async function reportWatch(cli: Cli, name: string): Promise<number> {
  const { endedWatch } = await import('../watch/attached-watch.ts');
  const { exitCode, attempt, byItself } = await endedWatch(cli, name);
  cli.err.line(
    `${name} stopped${byItself ? `: attempt ${attempt} had ended with exit code ${exitCode}` : `, and attempt ${attempt} with it`}`,
  );
  return exitCode;
}

/** Says how it ended where that is not plain, and answers the exit status. */
function report(cli: Cli, run: Run): number {
  if (run.status === 'done') return run.exitCode ?? exitCodes.ok;
  const why = run.reason ?? (run.exitCode === null ? null : `exit code ${run.exitCode}`);
  const hint = nextStep(run);
  const message = `${run.name} ${run.status}${why === null ? '' : `: ${why}`}`;
  cli.complain({ code: run.status, message, ...(hint !== null && { hint }) });
  if (run.status === 'stopped' || run.status === 'aborted') return exitCodes.interrupted;
  return run.exitCode || exitCodes.failure;
}
